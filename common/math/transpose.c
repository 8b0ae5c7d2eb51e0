#include "common/math/transpose.h"

#include "common/math/lanes.h"
#include "common/math/vector.h"

#define HALF (LANES / 2)

/*
 * A square of 16 by 16: shuffled four times like two halves of a deck of
 * cards, each value comes to lie where its row and column are exchanged.
 */
INLINE void turn_square(const float *x, size_t from, float *y, size_t to)
{
    vector v[LANES], w[LANES];

    UNROLL
    for (size_t i = 0; i < LANES; i++)
        v[i] = *(const loose *)(x + i * from);
    UNROLL
    for (int round = 0; round < 4; round++) {
        UNROLL
        for (size_t i = 0; i < HALF; i++) {
            w[2 * i] =
                __builtin_shufflevector(v[i], v[i + HALF], 0, 16, 1, 17, 2, 18,
                                        3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            w[2 * i + 1] =
                __builtin_shufflevector(v[i], v[i + HALF], 8, 24, 9, 25, 10, 26,
                                        11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        UNROLL
        for (size_t i = 0; i < LANES; i++)
            v[i] = w[i];
    }
    UNROLL
    for (size_t i = 0; i < LANES; i++)
        *(loose *)(y + i * to) = v[i];
}

VECTOR static void turn_all(const float *x, size_t R, size_t C, float *y)
{
    size_t rows = R / LANES * LANES, columns = C / LANES * LANES;

    for (size_t i = 0; i < rows; i += LANES)
        for (size_t j = 0; j < columns; j += LANES)
            turn_square(x + i * C + j, C, y + j * R + i, R);
    for (size_t i = 0; i < R; i++)
        for (size_t j = i < rows ? columns : 0; j < C; j++)
            y[j * R + i] = x[i * C + j];
}

void transpose(const float *x, size_t R, size_t C, float *y)
{
    turn_all(x, R, C, y);
}
