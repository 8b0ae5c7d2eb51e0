#include "common/math/decimal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLAIN_TEXT = 15, /* so many digits are exact in a double */
    MAX_TEXT = 256,  /* no number of a log is longer */
    MAX_DIGITS = 19, /* of a mantissa in 64 bits */
    MAX_POWER = 22,  /* 10^22 is the last power that a double holds exactly */
};

static const double power_of_ten[MAX_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A number as written: mantissa x 10^exponent. */
struct number {
    uint64_t mantissa; /* the first MAX_DIGITS digits that count */
    int exponent;
    bool negative, cut; /* cut: there were more digits */
};

/* Take the digits at s; those after the point lower the exponent. */
static const char *take_digits(const char *s, const char *end, struct number *x,
                               int *n, bool fraction)
{
    for (; s < end && (unsigned)(*s - '0') < 10; s++) {
        if (*n == MAX_DIGITS) {
            x->cut |= *s != '0';
            x->exponent += !fraction;
            continue;
        }
        x->mantissa = x->mantissa * 10 + (unsigned)(*s - '0');
        x->exponent -= fraction;
        *n += x->mantissa != 0; /* leading zeros do not count */
    }
    return s;
}

/* The part behind an 'e'; absurd exponents stop growing. */
static bool take_exponent(const char *s, const char *end, struct number *x)
{
    bool negative = s < end && *s == '-';
    int v = 0;

    s += s < end && (*s == '-' || *s == '+');
    if (s == end)
        return false;
    for (; s < end; s++) {
        if ((unsigned)(*s - '0') >= 10)
            return false;
        if (v < 100000)
            v = v * 10 + (*s - '0');
    }
    x->exponent += negative ? -v : v;
    return true;
}

static bool scan(const char *s, const char *end, struct number *x)
{
    const char *digits;
    int n = 0;

    *x = (struct number){.negative = s < end && *s == '-'};
    if (end - s >= MAX_TEXT)
        return false;
    s += s < end && (*s == '-' || *s == '+');
    digits = s;
    s = take_digits(s, end, x, &n, false);
    if (s < end && *s == '.') {
        s = take_digits(s + 1, end, x, &n, true);
        digits++; /* the point is none */
    }
    if (s <= digits)
        return false;
    if (s == end)
        return true;
    return (*s == 'e' || *s == 'E') && take_exponent(s + 1, end, x);
}

static bool parse_slowly(const char *s, const char *end, double *out)
{
    char text[MAX_TEXT];
    double v;

    memcpy(text, s, (size_t)(end - s));
    text[end - s] = '\0';
    v = strtod(text, NULL);
    if (!isfinite(v))
        return false;
    *out = v;
    return true;
}

/*
 * What nearly all numbers of a log are: a few digits, perhaps with a point.
 * False says nothing but that the long way must be gone.
 */
static inline bool parse_plain(const char *s, const char *end, double *out)
{
    const char *first = s, *point = NULL;
    uint64_t m = 0;
    double v;

    if (end - s < 1 || end - s > PLAIN_TEXT)
        return false;
    for (; s < end; s++) {
        unsigned digit = (unsigned)(*s - '0');

        if (digit < 10)
            m = m * 10 + digit;
        else if (*s == '.' && !point && s > first)
            point = s;
        else
            return false;
    }
    v = (double)m;
    *out = point ? v / power_of_ten[end - point - 1] : v;
    return true;
}

bool decimal_parse(const char *s, const char *end, double *out)
{
    struct number x;
    double v;

    if (parse_plain(s, end, out))
        return true;
    if (!scan(s, end, &x))
        return false;
    if (x.cut || x.mantissa >> 53 || x.exponent > MAX_POWER ||
        x.exponent < -MAX_POWER)
        return parse_slowly(s, end, out);
    /* Both are exact, so that the one rounding gives the nearest double. */
    v = (double)x.mantissa;
    v = x.exponent < 0 ? v / power_of_ten[-x.exponent]
                       : v * power_of_ten[x.exponent];
    *out = x.negative ? -v : v;
    return true;
}

bool decimal_scaled(const char *s, const char *end, int scale, int64_t *out)
{
    struct number x;
    uint64_t v;

    if (!scan(s, end, &x))
        return false;
    v = x.mantissa;
    x.exponent += scale;
    for (; x.exponent < 0 && v; x.exponent++)
        v /= 10;
    for (; x.exponent > 0 && v; x.exponent--)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    if (v > INT64_MAX)
        return false;
    *out = x.negative ? -(int64_t)v : (int64_t)v;
    return true;
}

const char *decimal_share(const char *s, double *out)
{
    const char *end = strchr(s, '%');

    if (!end || !decimal_parse(s, end, out))
        return NULL;
    *out /= 100;
    return *out >= 0 && *out <= 1 ? end + 1 : NULL;
}
