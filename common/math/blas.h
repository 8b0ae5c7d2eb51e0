#ifndef MATH_BLAS_H
#define MATH_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/*
 * The only door to BLAS and LAPACK (OpenBLAS).  Matrices are row-major and,
 * unless said, dense: the distance between rows is the number of columns.
 * Dimensions stay under 2^31.  Every call runs on the caller's thread alone:
 * the pool (common/base/pool.h) gives each thread its share of the rows.
 */

/*
 * Make OpenBLAS use one thread and the right kernels; a program that computes
 * calls it first thing in main().  OpenBLAS takes its slowest kernels on a
 * processor that it does not know, which costs a factor of four, and it
 * chooses while it is loaded: so if the choice is poor and the user has not
 * set OPENBLAS_CORETYPE, the program starts itself again with it set.  Does
 * nothing where that is not possible.
 *
 * Also has denormal numbers taken as zero, in this thread and in those that it
 * starts from now on.
 */
void blas_start(char **argv);

/* The kernels in use, "SkylakeX". */
const char *blas_core_name(void);

/*
 * The core type that suits this processor better than `core`, or NULL if that
 * is good enough or nothing is known.
 */
const char *blas_better_core(const char *core);

/*
 * c = op(a) op(b) + beta c, where op transposes if the flag is set.
 *
 * op(a) (M, K), op(b) (K, N), c (M, N).  beta 0 does not read c.
 * A product of one row is taken as a matrix-vector product.
 */
void blas_gemm(bool trans_a, bool trans_b, size_t M, size_t N, size_t K,
               const float *a, const float *b, float beta, float *c);

/* What product() (common/math/product.h) does, as BLAS does it. */
struct product;
void blas_product(const struct product *p);

/*
 * Lower triangle of c += a' a.
 *
 * a (N, K), c (K, K); the upper triangle is left alone.
 */
void blas_dsyrk(size_t N, size_t K, const double *a, double *c);

/*
 * Solve a x = b for a symmetric positive definite a, by Cholesky.
 *
 * a (K, K)  lower triangle; overwritten by its factor
 * b (K)     overwritten by x
 * Returns 0, or -1 with ERR_DATA if a is singular or nearly so.
 */
int blas_solve_spd(size_t K, double *a, double *b, struct err *e);

#endif
