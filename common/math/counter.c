#include "common/math/counter.h"

#include <math.h>
#include <stdbool.h>

static double plausible(const struct counter_rule *rule, uint64_t step,
                        double dt_s)
{
    double max = rule->max_rate * (dt_s + rule->jitter_s);

    if (step > INT64_MAX)
        return NAN; /* nothing counts so fast */
    if (rule->max_rate > 0 && rule->wrap && max >= (double)rule->wrap)
        return NAN; /* it may have gone round more than once */
    if (rule->max_rate > 0 && (double)step > max)
        return NAN;
    return (double)step;
}

double counter_step(const struct counter_rule *rule, uint64_t a, uint64_t b,
                    double dt_s)
{
    if (b >= a)
        return plausible(rule, b - a, dt_s);
    if (a - b <= rule->slack)
        return 0;
    if (a >= rule->wrap) /* no modulus, or not the true one: a reset */
        return NAN;
    if (rule->max_rate <= 0 && rule->wrap - a + b > rule->wrap / 2)
        return NAN;
    return plausible(rule, rule->wrap - a + b, dt_s);
}

/* Differences, and whether all are as simple as that. */
static bool steps_forward(uint64_t prev, const uint64_t *v, size_t n,
                          double *step)
{
    uint64_t back = v[0] - prev; /* its top bit: back, or absurdly far */

    step[0] = (double)(int64_t)(v[0] - prev);
    for (size_t i = 1; i < n; i++) {
        back |= v[i] - v[i - 1];
        step[i] = (double)(int64_t)(v[i] - v[i - 1]);
    }
    return !(back >> 63);
}

uint64_t counter_steps(const struct counter_rule *rule, uint64_t prev,
                       const uint64_t *v, const double *dt_s, size_t n,
                       double *step)
{
    if (rule->max_rate <= 0 && steps_forward(prev, v, n, step))
        return v[n - 1];
    for (size_t i = 0; i < n; i++) {
        step[i] = counter_step(rule, prev, v[i], dt_s[i]);
        if (v[i] >= prev || prev - v[i] > rule->slack)
            prev = v[i];
    }
    return prev;
}
