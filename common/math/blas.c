#include "common/math/blas.h"

#include <cblas.h>
#include <float.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined __SSE__
#include <xmmintrin.h>
#endif

#include "common/math/product.h"

/* LAPACK's Cholesky solver is in OpenBLAS too, but not in cblas.h. */
extern void dposv_(const char *uplo, const int *n, const int *n_rhs, double *a,
                   const int *lda, double *b, const int *ldb, int *info);

/* Set once the program has started itself again: never a second time. */
#define GUARD "RAPL_BLAS_STARTED"

const char *blas_core_name(void)
{
    return openblas_get_corename();
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

const char *blas_better_core(const char *core)
{
#if defined __x86_64__
    static const char *const wide[] = {"SkylakeX", "Cooperlake",
                                       "SapphireRapids", "Zen", NULL};

    __builtin_cpu_init();
    if (is_one_of(core, wide))
        return NULL;
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        strcmp(core, "Haswell") != 0)
        return "Haswell";
#else
    (void)core;
    (void)is_one_of;
#endif
    return NULL;
}

/*
 * Numbers too small for full precision become zero.  Weight decay drives the
 * weights of an input that never moves into that range, where each product
 * takes the processor over a hundred cycles.  Threads inherit this.
 */
static void flush_denormals(void)
{
#if defined __SSE__
    _mm_setcsr(_mm_getcsr() | 0x8040); /* flush results, and read as zero */
#elif defined __aarch64__
    uint64_t fpcr;

    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | 1u << 24));
#endif
}

void blas_start(char **argv)
{
    const char *better = blas_better_core(blas_core_name());
    char self[PATH_MAX];
    ssize_t len;

    flush_denormals();
    openblas_set_num_threads(1);
    if (!better || getenv("OPENBLAS_CORETYPE") || getenv(GUARD))
        return;
    /* By its path: started as /proc/self/exe it would be called "exe". */
    len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return;
    self[len] = '\0';
    if (setenv("OPENBLAS_CORETYPE", better, 1) == 0 &&
        setenv("OPENBLAS_NUM_THREADS", "1", 1) == 0 &&
        setenv(GUARD, "1", 1) == 0)
        execv(self, argv);
    /* Still here: slower, and right all the same. */
    unsetenv("OPENBLAS_CORETYPE");
}

void blas_gemm(bool trans_a, bool trans_b, size_t M, size_t N, size_t K,
               const float *a, const float *b, float beta, float *c)
{
    int m = (int)M, n = (int)N, k = (int)K;

    if (M == 1 && trans_b)
        cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, b, k, a, 1, beta, c,
                    1);
    else if (M == 1)
        cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, b, n, a, 1, beta, c, 1);
    else
        cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
                    trans_b ? CblasTrans : CblasNoTrans, m, n, k, 1, a,
                    trans_a ? m : k, b, trans_b ? k : n, beta, c, n);
}

void blas_product(const struct product *p)
{
    bool turned = p->column != 1;

    for (size_t i = 0; i < p->A && p->bias; i++)
        for (size_t j = 0; j < p->B; j++)
            p->c[i * p->ldc + j] =
                p->bias[i] + (p->add ? p->c[i * p->ldc + j] : 0);
    cblas_sgemm(CblasRowMajor, turned ? CblasTrans : CblasNoTrans, CblasNoTrans,
                (int)p->A, (int)p->B, (int)p->n, 1, p->a,
                (int)(turned ? p->column : p->row), p->b, (int)p->ldb,
                p->add || p->bias ? 1 : 0, p->c, (int)p->ldc);
}

void blas_dsyrk(size_t N, size_t K, const double *a, double *c)
{
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)K, (int)N, 1, a,
                (int)K, 1, c, (int)K);
}

int blas_solve_spd(size_t K, double *a, double *b, struct err *e)
{
    double largest = 0, floor;
    int k = (int)K, one = 1, info;

    for (size_t i = 0; i < K; i++)
        largest = a[i * K + i] > largest ? a[i * K + i] : largest;
    /* Row-major lower is column-major upper. */
    dposv_("U", &k, &one, a, &k, b, &k, &info);
    floor = largest * (double)K * 16 * DBL_EPSILON;
    for (size_t i = 0; i < K && info == 0; i++) /* a pivot lost in rounding */
        if (!(a[i * K + i] * a[i * K + i] > floor))
            info = (int)i + 1;
    if (info)
        return err_set(e, ERR_DATA,
                       "column %d depends on those before it; leave it out, "
                       "or raise the penalty",
                       info);
    return 0;
}
