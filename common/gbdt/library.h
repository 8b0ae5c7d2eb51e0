#ifndef GBDT_LIBRARY_H
#define GBDT_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * XGBoost's C library, loaded when it is first asked for.  It brings the
 * runtimes of C++ and OpenMP with it, which no program should have to start
 * with that trains no trees, and a program built without it can use it later.
 *
 * These are the functions used, as <xgboost/c_api.h> declares them (that file
 * is compared with this list where it is installed).  Each returns 0, or -1
 * and then XGBGetLastError() says why.
 */
#define XGBOOST_FUNCTIONS(X)                                                  \
    X(XGBoostVersion, void, (int *major, int *minor, int *patch))             \
    X(XGBGetLastError, const char *, (void))                                  \
    X(XGBRegisterLogCallback, int, (void (*callback)(const char *)))          \
    X(XGProxyDMatrixCreate, int, (void **out))                                \
    X(XGProxyDMatrixSetDataDense, int, (void *proxy, const char *array))      \
    X(XGDMatrixSetFloatInfo, int,                                             \
      (void *proxy, const char *field, const float *values, uint64_t n))      \
    X(XGQuantileDMatrixCreateFromCallback, int,                               \
      (void *iterator, void *proxy, void *reference, void (*reset)(void *),   \
       int (*next)(void *), const char *config, void **out))                  \
    X(XGDMatrixFree, int, (void *matrix))                                     \
    X(XGBoosterCreate, int, (void *const matrices[], uint64_t n, void **out)) \
    X(XGBoosterFree, int, (void *booster))                                    \
    X(XGBoosterSetParam, int,                                                 \
      (void *booster, const char *name, const char *value))                   \
    X(XGBoosterBoostOneIter, int,                                             \
      (void *booster, void *matrix, float *gradient, float *hessian,          \
       uint64_t n))                                                           \
    X(XGBoosterPredictFromDMatrix, int,                                       \
      (void *booster, void *matrix, const char *config,                       \
       const uint64_t **shape, uint64_t *dims, const float **out))            \
    X(XGBoosterSlice, int,                                                    \
      (void *booster, int begin, int end, int step, void **out))              \
    X(XGBoosterSaveModelToBuffer, int,                                        \
      (void *booster, const char *config, uint64_t *n, const char **out))

struct xgboost {
#define XGBOOST_MEMBER(name, type, arguments) type(*name) arguments;
    XGBOOST_FUNCTIONS(XGBOOST_MEMBER)
#undef XGBOOST_MEMBER
    char version[32]; /* "1.7.4" */
};

/*
 * Load the library and silence it.  Returns 0, or -1 with e filled
 * (ERR_SYSTEM): not installed, or older than 1.7.
 */
int xgboost_load(struct xgboost *x, struct err *e);

#endif
