#ifndef MATH_DECIMAL_H
#define MATH_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers as logs print them, [+-]digits[.digits][e[+-]digits], from the text
 * [s, end), which need not end with a NUL.  All of it must be the number: a
 * blank, "nan", "inf", hexadecimal or a trailing unit is none.  Independent of
 * the locale; several times as fast as strtod(), which it falls back on where
 * the quick way would not give the nearest double.
 */

/* The nearest double.  False if it is no number, or not a finite one. */
bool decimal_parse(const char *s, const char *end, double *out);

/*
 * The number times 10^scale (0..9) as an integer, cut towards zero: "1.25" at
 * scale 9 is 1250000000.  Exact where a double would not be: a time in ns.
 * False if it is no number, or not in 64 bits.
 */
bool decimal_scaled(const char *s, const char *end, int scale, int64_t *out);

/*
 * A share of a whole, "2.5%", from the beginning of s: 0..1 to *out.  Returns
 * what follows the %, or NULL if it is none.
 */
const char *decimal_share(const char *s, double *out);

#endif
