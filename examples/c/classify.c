/* classify MODEL PICTURE: the cells of a picture, one a line.
 * cc classify.c $(pkg-config --cflags --libs bloodcell) -o classify */
#include <stdio.h>

#include <bloodcell.h>

static int fail(bloodcell_error* error) {
  fprintf(stderr, "error: %s\n", bloodcell_error_message(error));
  bloodcell_error_free(error);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: classify MODEL PICTURE\n");
    return 2;
  }
  bloodcell_error* error = NULL;
  bloodcell_model* model = bloodcell_open(argv[1], NULL, &error);
  if (model == NULL) return fail(error);
  bloodcell_cells* cells = bloodcell_classify_file(model, argv[2], &error);
  if (cells == NULL) {
    bloodcell_close(model);
    return fail(error);
  }
  for (size_t i = 0; i < bloodcell_cell_count(cells); ++i) {
    const bloodcell_cell* cell = bloodcell_cell_at(cells, i);
    if (cell->status == BLOODCELL_NO_CELL) {
      printf("%s\n", cell->message);
    } else {
      printf("%d %d %d %d %s %.3f %s\n", cell->x, cell->y, cell->width, cell->height,
             bloodcell_label(model, (size_t)cell->class_index), cell->confidence, cell->message);
    }
  }
  bloodcell_cells_free(cells);
  bloodcell_close(model);
  return 0;
}
