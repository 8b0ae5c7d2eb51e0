#ifndef MATH_BINS_H
#define MATH_BINS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Features cut into bins that hold about the same number of rows; a value
 * that is frequent (0, mostly) has a bin of its own.
 *
 * x       (T, D)  finite
 * n_bins          at most, 2..256
 * code    (T, D)  out: the bin of each value, by column in ascending order
 * n_codes (D)     out: bins of each column, 1 where it is constant
 */
void bins_code(const float *x, size_t T, size_t D, size_t n_bins, uint8_t *code,
               uint16_t *n_codes);

#endif
