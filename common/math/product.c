#include "common/math/product.h"

#include "common/math/blas.h"
#include "common/math/lanes.h"
#include "common/math/panel.h"
#include "common/math/vector.h"

#define WIDTH (2 * LANES) /* columns of b at a time */
#define HEIGHT 8          /* rows of a at a time: 16 sums in registers */

typedef int ints __attribute__((vector_size(4 * LANES)));

/* All bits of the lanes from `skip` on. */
INLINE void mark_from(size_t skip, ints *lanes)
{
    UNROLL
    for (size_t i = 0; i < LANES; i++)
        (*lanes)[i] = i >= skip ? -1 : 0;
}

/*
 * Inlined for a constant height, the sums stay in registers.  The first `skip`
 * columns have been done before.
 */
INLINE void block(size_t height, struct operand a, size_t n, const float *b,
                  size_t ldb, bool add, float *c, size_t ldc, size_t skip)
{
    vector sum[HEIGHT][2];
    ints new[2] = {{0}, {0}};

    mark_from(skip, &new[0]);
    mark_from(skip > LANES ? skip - LANES : 0, &new[1]);
    UNROLL
    for (size_t i = 0; i < height; i++)
        sum[i][0] = sum[i][1] = (vector){0};
    for (size_t r = 0; r < n; r++, a.at += a.column, b += ldb) {
        vector left = ((const loose *)b)[0], right = ((const loose *)b)[1];

        UNROLL
        for (size_t i = 0; i < height; i++) {
            sum[i][0] += a.at[i * a.row] * left;
            sum[i][1] += a.at[i * a.row] * right;
        }
    }
    UNROLL
    for (size_t i = 0; i < height; i++, c += ldc) {
        loose *to = (loose *)c;

        if (add) {
            sum[i][0] = to[0] + (vector)((ints)sum[i][0] & new[0]);
            sum[i][1] = to[1] + (vector)((ints)sum[i][1] & new[1]);
        }
        to[0] = sum[i][0];
        to[1] = sum[i][1];
    }
}

/* A block of b stays in the first-level cache while a goes by; the last one
 * goes back over columns of the one before. */
VECTOR static void product_blocks(size_t A, size_t B, size_t n,
                                  struct operand a, const float *b, size_t ldb,
                                  bool add, float *c, size_t ldc)
{
    for (size_t j = 0; j < B; j += WIDTH) {
        size_t at = j + WIDTH <= B ? j : B - WIDTH, skip = j - at, i = 0;
        struct operand rows = a;

        for (; i + HEIGHT <= A; i += HEIGHT, rows.at += HEIGHT * a.row)
            block(HEIGHT, rows, n, b + at, ldb, add, c + i * ldc + at, ldc,
                  skip);
        for (; i < A; i++, rows.at += a.row)
            block(1, rows, n, b + at, ldb, add, c + i * ldc + at, ldc, skip);
    }
}

/* With fewer registers than AVX-512 has, BLAS is faster. */
void product(size_t A, size_t B, size_t n, struct operand a, const float *b,
             size_t ldb, bool add, float *c, size_t ldc)
{
    if (panel_usable() && B >= WIDTH)
        product_blocks(A, B, n, a, b, ldb, add, c, ldc);
    else
        blas_product(A, B, n, a.at, a.row, a.column, b, ldb, add, c, ldc);
}
