/* BloodCell for other programs: pictures of stained blood smears in, white-cell classes out.
 *
 * A stable C interface: functions and the meaning of their arguments stay within a major version of
 * the library; structs only grow at their end. No global state. A model may be used from any number
 * of threads at once; everything else belongs to one thread at a time. Functions that can fail
 * return NULL and, where `error` is not NULL, put an error there that the caller frees. Text is
 * UTF-8 but for paths, which are the system's bytes. Research use only. */
#ifndef BLOODCELL_H
#define BLOODCELL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bloodcell_model bloodcell_model;
typedef struct bloodcell_cells bloodcell_cells;
typedef struct bloodcell_error bloodcell_error;

/* Grows at its end: a value that is not known is that of an error of a newer library. */
typedef enum bloodcell_code {
  BLOODCELL_USAGE = 1,
  BLOODCELL_NOT_FOUND = 2,
  BLOODCELL_UNREADABLE = 3,
  BLOODCELL_MALFORMED = 4,
  BLOODCELL_LIMIT_EXCEEDED = 5,
  BLOODCELL_UNSUPPORTED = 6,
  BLOODCELL_MISMATCH = 7,
  BLOODCELL_CANCELLED = 8,
  BLOODCELL_INTERNAL = 9
} bloodcell_code;

typedef enum bloodcell_status {
  BLOODCELL_OK = 0,
  BLOODCELL_UNIDENTIFIED = 1, /* a cell, but not to be trusted: `message` says why */
  BLOODCELL_NO_CELL = 2       /* a field without a white cell */
} bloodcell_status;

typedef enum bloodcell_shows {
  BLOODCELL_SHOWS_AUTOMATIC = 0, /* decided for each picture */
  BLOODCELL_SHOWS_FIELD = 1,
  BLOODCELL_SHOWS_CELL = 2
} bloodcell_shows;

/* When a model file's second network reads again the cells that the first is unsure of. */
typedef enum bloodcell_second {
  BLOODCELL_SECOND_WHEN_UNSURE = 0, /* made ready for the first such cell, which takes longer */
  BLOODCELL_SECOND_READY = 1,       /* made ready when the model is opened */
  BLOODCELL_SECOND_NEVER = 2
} bloodcell_second;

/* Set by bloodcell_options_init(), then changed where wanted. */
typedef struct bloodcell_options {
  size_t struct_size;       /* of the caller's struct */
  unsigned threads;         /* for opening; each call of classify works on its own thread. 1 */
  int shows;                /* bloodcell_shows. automatic */
  double min_confidence;    /* 0 … 1: below it a cell is unidentified; negative: the model's own */
  const char* cache_folder; /* keeps compiled networks; NULL: nothing is kept */
  int second;               /* bloodcell_second. when unsure */
} bloodcell_options;

/* One cell of a picture. Lives as long as its bloodcell_cells. */
typedef struct bloodcell_cell {
  int x, y, width, height;     /* its box in pixels of the picture as a viewer shows it */
  int status;                  /* bloodcell_status */
  int class_index;             /* among the labels; -1 for no_cell */
  double confidence;           /* of that class, 0 … 1 */
  const double* probabilities; /* one a label, sum 1; NULL for no_cell */
  const char* message;         /* may be empty, never NULL */
  int is_read_twice;           /* 1: by the second network, too; else 0 */
} bloodcell_cell;

const char* bloodcell_version(void); /* "0.1.0" */

/* Writes the first `struct_size` bytes, those of a caller that may know fewer fields. */
void bloodcell_options_init_sized(bloodcell_options* options, size_t struct_size);

/* For programs that ask the library for it by name: the fields up to cache_folder. What is compiled
 * with this header writes all that it knows. */
void bloodcell_options_init(bloodcell_options* options);
#define bloodcell_options_init(options) bloodcell_options_init_sized((options), sizeof *(options))

/* `options` may be NULL. */
bloodcell_model* bloodcell_open(const char* model_path, const bloodcell_options* options,
                                bloodcell_error** error);
void bloodcell_close(bloodcell_model* model);

const char* bloodcell_model_name(const bloodcell_model* model);
size_t bloodcell_label_count(const bloodcell_model* model);
/* NULL beyond the last. */
const char* bloodcell_label(const bloodcell_model* model, size_t index);

/* A picture file, its bytes (JPEG, PNG, TIFF, BMP, WebP), or its pixels: 8-bit RGB, rows of
 * `stride` bytes from the top, stride >= 3 * width. Each gives at least one cell. */
bloodcell_cells* bloodcell_classify_file(const bloodcell_model* model, const char* path,
                                         bloodcell_error** error);
bloodcell_cells* bloodcell_classify_bytes(const bloodcell_model* model, const void* bytes,
                                          size_t count, bloodcell_error** error);
bloodcell_cells* bloodcell_classify_pixels(const bloodcell_model* model, const uint8_t* rgb,
                                           int width, int height, size_t stride,
                                           bloodcell_error** error);
void bloodcell_cells_free(bloodcell_cells* cells);

size_t bloodcell_cell_count(const bloodcell_cells* cells);
/* NULL beyond the last. */
const bloodcell_cell* bloodcell_cell_at(const bloodcell_cells* cells, size_t index);

int bloodcell_error_code(const bloodcell_error* error);            /* bloodcell_code */
const char* bloodcell_error_message(const bloodcell_error* error); /* with file and remedy */
void bloodcell_error_free(bloodcell_error* error);

#ifdef __cplusplus
}
#endif

#endif
