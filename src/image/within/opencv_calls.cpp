// What OpenCV's archives call in libraries that a program with OpenCV within does not link, because
// their loading costs every start (docs/decisions/0017): LAPACK and BLAS for large matrices, GLX
// for OpenGL. Each call opens its library; where that fails it throws std::runtime_error, as any
// call of OpenCV may. Thread-safe.
#include <dlfcn.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace {

constexpr const char* kLapack = "liblapack.so.3";
constexpr const char* kBlas = "libblas.so.3";
constexpr const char* kGlx = "libGLX.so.0";

template <class Answer, class... Given>
Answer call(const char* library, const char* name, Given... given) {
  void* const handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  void* const symbol = handle != nullptr ? dlsym(handle, name) : nullptr;
  if (symbol == nullptr) {
    throw std::runtime_error(std::string("OpenCV wants `") + name + "` of " + library +
                             ", which is not there: install it");
  }
  return reinterpret_cast<Answer (*)(Given...)>(symbol)(given...);
}

// Fortran hands the length of each text after all else.
constexpr std::size_t kLetter = 1;

}  // namespace

// NOLINTBEGIN(*-identifier-length, *-identifier-naming, *-easily-swappable-parameters)
#pragma GCC visibility push(hidden)
extern "C" {

#define BLOODCELL_LAPACK(REAL, LETTER)                                                            \
  int LETTER##gesv_(int* n, int* nrhs, REAL* a, int* lda, int* ipiv, REAL* b, int* ldb,           \
                    int* info) {                                                                  \
    return call<int>(kLapack, #LETTER "gesv_", n, nrhs, a, lda, ipiv, b, ldb, info);              \
  }                                                                                               \
  int LETTER##getrf_(int* m, int* n, REAL* a, int* lda, int* ipiv, int* info) {                   \
    return call<int>(kLapack, #LETTER "getrf_", m, n, a, lda, ipiv, info);                        \
  }                                                                                               \
  int LETTER##posv_(char* uplo, int* n, int* nrhs, REAL* a, int* lda, REAL* b, int* ldb,          \
                    int* info) {                                                                  \
    return call<int>(kLapack, #LETTER "posv_", uplo, n, nrhs, a, lda, b, ldb, info, kLetter);     \
  }                                                                                               \
  int LETTER##potrf_(char* uplo, int* n, REAL* a, int* lda, int* info) {                          \
    return call<int>(kLapack, #LETTER "potrf_", uplo, n, a, lda, info, kLetter);                  \
  }                                                                                               \
  int LETTER##gels_(char* trans, int* m, int* n, int* nrhs, REAL* a, int* lda, REAL* b, int* ldb, \
                    REAL* work, int* lwork, int* info) {                                          \
    return call<int>(kLapack, #LETTER "gels_", trans, m, n, nrhs, a, lda, b, ldb, work, lwork,    \
                     info, kLetter);                                                              \
  }                                                                                               \
  int LETTER##geqrf_(int* m, int* n, REAL* a, int* lda, REAL* tau, REAL* work, int* lwork,        \
                     int* info) {                                                                 \
    return call<int>(kLapack, #LETTER "geqrf_", m, n, a, lda, tau, work, lwork, info);            \
  }                                                                                               \
  int LETTER##gesdd_(char* jobz, int* m, int* n, REAL* a, int* lda, REAL* s, REAL* u, int* ldu,   \
                     REAL* vt, int* ldvt, REAL* work, int* lwork, int* iwork, int* info) {        \
    return call<int>(kLapack, #LETTER "gesdd_", jobz, m, n, a, lda, s, u, ldu, vt, ldvt, work,    \
                     lwork, iwork, info, kLetter);                                                \
  }

#define BLOODCELL_GEMM(NUMBER, DATA, LETTER)                                                       \
  void cblas_##LETTER##gemm(int order, int trans_a, int trans_b, int m, int n, int k,              \
                            NUMBER alpha, const DATA* a, int lda, const DATA* b, int ldb,          \
                            NUMBER beta, DATA* c, int ldc) {                                       \
    call<void>(kBlas, "cblas_" #LETTER "gemm", order, trans_a, trans_b, m, n, k, alpha, a, lda, b, \
               ldb, beta, c, ldc);                                                                 \
  }

BLOODCELL_LAPACK(float, s)
BLOODCELL_LAPACK(double, d)
BLOODCELL_GEMM(float, float, s)
BLOODCELL_GEMM(double, double, d)
BLOODCELL_GEMM(const void*, void, c)
BLOODCELL_GEMM(const void*, void, z)

void* glXGetCurrentContext() { return call<void*>(kGlx, "glXGetCurrentContext"); }
void* glXGetCurrentDisplay() { return call<void*>(kGlx, "glXGetCurrentDisplay"); }
void* glXGetProcAddressARB(const unsigned char* name) {
  return call<void*>(kGlx, "glXGetProcAddressARB", name);
}

}  // extern "C"
#pragma GCC visibility pop
// NOLINTEND(*-identifier-length, *-identifier-naming, *-easily-swappable-parameters)
