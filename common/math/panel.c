#include "common/math/panel.h"

#include <string.h>

#include "common/math/lanes.h"

#define WIDTH 32 /* outputs in a panel: two vectors */
#define HEIGHT 8 /* rows at a time: 16 sums in registers */

static size_t n_panels(size_t O)
{
    return (O + WIDTH - 1) / WIDTH;
}

size_t panel_size(size_t O, size_t I)
{
    return n_panels(O) * WIDTH * (I + 1);
}

/* A panel is its bias (32), then for each input its weights (32). */
void panel_pack(const float *weight, const float *bias, size_t O, size_t I,
                float *out)
{
    memset(out, 0, panel_size(O, I) * sizeof *out);
    for (size_t o = 0; o < O; o++) {
        float *to = out + o / WIDTH * WIDTH * (I + 1) + o % WIDTH;

        to[0] = bias[o];
        for (size_t i = 0; i < I; i++)
            to[(i + 1) * WIDTH] = weight[o * I + i];
    }
}

#if defined __x86_64__ && defined __GNUC__

#ifdef __clang__
#define KERNEL __attribute__((target("avx512f")))
#else
#define KERNEL __attribute__((target("avx512f"), optimize("O3")))
#endif

/*
 * The same for any number of rows: inlined for a constant one, the sums stay
 * in registers.  y has 32 columns in reach.
 */
__attribute__((always_inline, target("avx512f"))) static inline void
multiply_rows(size_t rows, const float *x, const float *panel, size_t I,
              float *y, size_t stride)
{
    const vector *b = (const vector *)panel;
    vector sum[HEIGHT][2];

    UNROLL
    for (size_t r = 0; r < rows; r++) {
        sum[r][0] = b[0];
        sum[r][1] = b[1];
    }
    for (size_t i = 0; i < I; i++) {
        b += 2;
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            sum[r][0] += x[r * I + i] * b[0];
            sum[r][1] += x[r * I + i] * b[1];
        }
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        memcpy(y + r * stride, sum[r], sizeof sum[r]);
}

KERNEL static void multiply_panel(const float *x, const float *panel, size_t M,
                                  size_t I, float *y, size_t stride)
{
    size_t r = 0;

    for (; r + HEIGHT <= M; r += HEIGHT)
        multiply_rows(HEIGHT, x + r * I, panel, I, y + r * stride, stride);
    for (; r + 4 <= M; r += 4)
        multiply_rows(4, x + r * I, panel, I, y + r * stride, stride);
    for (; r < M; r++)
        multiply_rows(1, x + r * I, panel, I, y + r * stride, stride);
}

bool panel_usable(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f");
}

/* The last panel may be wider than what is left of y. */
static void multiply_edge(const float *x, const float *panel, size_t M,
                          size_t I, float *y, size_t stride, size_t width)
{
    float tile[HEIGHT][WIDTH];

    for (size_t at = 0; at < M; at += HEIGHT) {
        size_t rows = M - at < HEIGHT ? M - at : HEIGHT;

        multiply_panel(x + at * I, panel, rows, I, tile[0], WIDTH);
        for (size_t r = 0; r < rows; r++)
            memcpy(y + (at + r) * stride, tile[r], width * sizeof *y);
    }
}

void panel_multiply(const float *x, const float *packed, size_t M, size_t O,
                    size_t I, float *y)
{
    for (size_t o = 0; o < O; o += WIDTH, packed += WIDTH * (I + 1))
        if (o + WIDTH <= O)
            multiply_panel(x, packed, M, I, y + o, O);
        else
            multiply_edge(x, packed, M, I, y + o, O, O - o);
}

#else

bool panel_usable(void)
{
    return false;
}

void panel_multiply(const float *x, const float *packed, size_t M, size_t O,
                    size_t I, float *y)
{
    (void)x, (void)packed, (void)M, (void)O, (void)I, (void)y;
}

#endif
