#include "common/math/outer.h"

#include "common/math/lanes.h"
#include "common/math/vector.h"

#define WIDTH (2 * LANES) /* columns of b at a time */
#define HEIGHT 8          /* columns of a at a time: 16 sums in registers */

/* The last columns of c may be fewer than a block has. */
INLINE void add_part(float *c, const vector sum[2], size_t width)
{
    for (size_t j = 0; j < width; j++)
        c[j] += sum[j / LANES][j % LANES];
}

/* Inlined for a constant height, the sums stay in registers. */
INLINE void block(size_t height, const float *a, size_t lda, const float *b,
                  size_t ldb, size_t B, size_t width, size_t n, float *c)
{
    vector sum[HEIGHT][2];

    UNROLL
    for (size_t i = 0; i < height; i++)
        sum[i][0] = sum[i][1] = (vector){0};
    for (size_t r = 0; r < n; r++, a += lda, b += ldb) {
        vector left = ((const loose *)b)[0], right = ((const loose *)b)[1];

        UNROLL
        for (size_t i = 0; i < height; i++) {
            sum[i][0] += a[i] * left;
            sum[i][1] += a[i] * right;
        }
    }
    UNROLL
    for (size_t i = 0; i < height; i++) {
        loose *to = (loose *)(c + i * B);

        if (width < WIDTH) {
            add_part(c + i * B, sum[i], width);
            continue;
        }
        to[0] += sum[i][0];
        to[1] += sum[i][1];
    }
}

VECTOR static void add_blocks(const float *a, size_t lda, size_t A,
                              const float *b, size_t ldb, size_t B, size_t n,
                              float *c)
{
    for (size_t j = 0; j < B; j += WIDTH) {
        size_t width = B - j < WIDTH ? B - j : WIDTH, i = 0;

        for (; i + HEIGHT <= A; i += HEIGHT)
            block(HEIGHT, a + i, lda, b + j, ldb, B, width, n, c + i * B + j);
        for (; i < A; i++)
            block(1, a + i, lda, b + j, ldb, B, width, n, c + i * B + j);
    }
}

void outer_add(const float *a, size_t lda, size_t A, const float *b, size_t ldb,
               size_t B, size_t n, float *c)
{
    add_blocks(a, lda, A, b, ldb, B, n, c);
}
