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

INLINE void give(const vector *sum, bool add, const ints *new, float *c)
{
    loose *to = (loose *)c;

    *to = add ? *to + (vector)((ints)*sum & *new) : *sum;
}

/*
 * Inlined for constant sizes, the sums stay in registers.  Rows and columns
 * that go back over others were done before, and are not added to again.
 */
INLINE void block(size_t height, size_t vectors, const struct product *p,
                  size_t i, size_t j, size_t skip_rows, size_t skip_columns)
{
    const float *a = p->a + i * p->row, *b = p->b + j;
    float *c = p->c + i * p->ldc + j;
    size_t row = p->row;
    vector sum[HEIGHT][2];
    ints new[2] = {{0}, {0}};

    mark_from(skip_columns, &new[0]);
    mark_from(skip_columns > LANES ? skip_columns - LANES : 0, &new[1]);
    UNROLL
    for (size_t k = 0; k < height; k++)
        sum[k][0] = sum[k][1] = (vector){0} + (p->bias ? p->bias[i + k] : 0);
    for (size_t r = 0; r < p->n; r++, a += p->column, b += p->ldb) {
        vector left = ((const loose *)b)[0];
        vector right = vectors > 1 ? ((const loose *)b)[1] : left;

        UNROLL
        for (size_t k = 0; k < height; k++) {
            sum[k][0] += a[k * row] * left;
            if (vectors > 1)
                sum[k][1] += a[k * row] * right;
        }
    }
    UNROLL
    for (size_t k = 0; k < height; k++, c += p->ldc) {
        if (k < skip_rows)
            continue;
        give(&sum[k][0], p->add, &new[0], c);
        if (vectors > 1)
            give(&sum[k][1], p->add, &new[1], c + LANES);
    }
}

INLINE void blocks(size_t vectors, const struct product *p, size_t j,
                   size_t skip)
{
    size_t i = 0;

    for (; i + HEIGHT <= p->A; i += HEIGHT)
        block(HEIGHT, vectors, p, i, j, 0, skip);
    if (i < p->A && p->A >= HEIGHT)
        block(HEIGHT, vectors, p, p->A - HEIGHT, j, HEIGHT - (p->A - i), skip);
    for (; i < p->A && p->A < HEIGHT; i++)
        block(1, vectors, p, i, j, 0, skip);
}

/* A block of b stays in the first-level cache while a goes by. */
VECTOR static void product_blocks(const struct product *p)
{
    size_t j = 0, rest;

    for (; j + WIDTH <= p->B; j += WIDTH)
        blocks(2, p, j, 0);
    rest = p->B - j;
    if (rest > LANES && j > 0) {
        blocks(2, p, p->B - WIDTH, WIDTH - rest);
        return;
    }
    if (rest >= LANES) {
        blocks(1, p, j, 0);
        rest -= LANES;
    }
    if (rest > 0)
        blocks(1, p, p->B - LANES, LANES - rest);
}

/* With fewer registers than AVX-512 has, BLAS is faster. */
void product(const struct product *p)
{
    if (panel_usable() && p->B >= LANES)
        product_blocks(p);
    else
        blas_product(p);
}
