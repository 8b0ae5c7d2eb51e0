#include "common/physical/physical.h"

#include <math.h>
#include <stdio.h>

static const char *number(struct opgraph *g, double x)
{
    return opgraph_floats(g, 0, NULL, (float[]){(float)x});
}

static const char *apply(struct opgraph *g, const char *type, const char *x,
                         const char *y)
{
    return opgraph_op(g, type, x, y, NULL)->out;
}

static const char *call(struct opgraph *g, const char *type, const char *x)
{
    return opgraph_op(g, type, x, NULL)->out;
}

/* x (N, n) times weights (n), summed: (N, 1). */
static const char *weigh(struct opgraph *g, const char *x, const double *weight,
                         size_t n)
{
    float w[BASIS + EFFECTS];

    for (size_t i = 0; i < n; i++)
        w[i] = (float)weight[i];
    return apply(g, "MatMul", x, opgraph_floats(g, 2, (size_t[]){n, 1}, w));
}

/* The curve at busy CPUs b (N, 1): basis_row() times p->curve. */
static const char *curve_of(const struct physical *p, const char *b,
                            struct opgraph *g)
{
    const size_t n = BASIS_SCALES;
    float rate[BASIS_SCALES];
    const char *scaled = apply(g, "Mul", b, number(g, BASIS_CPUS / p->n_cpus));
    const char *first = apply(g, "Min", b, number(g, 1));
    const char *curved, *sum;

    for (int i = 0; i < BASIS_SCALES; i++)
        rate[i] = (float)(-1 / basis_scale[i]);
    curved = apply(g, "Mul", scaled, opgraph_floats(g, 1, &n, rate));
    curved = apply(g, "Sub", number(g, 1), call(g, "Exp", curved));
    sum = apply(g, "Add", weigh(g, first, p->curve + 1, 1),
                weigh(g, curved, p->curve + 2, BASIS_SCALES));
    sum =
        apply(g, "Add", sum, weigh(g, scaled, p->curve + 2 + BASIS_SCALES, 1));
    return apply(g, "Add", sum, number(g, p->curve[0]));
}

/* What calibration found beside it: basis_effects() times p->shift. */
static const char *shift_of(const struct physical *p, const char *b,
                            struct opgraph *g)
{
    const size_t n = EFFECTS;
    const float knot[EFFECTS] = {KNOT_IDLE, KNOT_ONE, KNOT_MIDDLE, KNOT_FULL};
    double per_log = p->n_cpus > 1 ? 2 / log(p->n_cpus) : 0;
    const char *above = call(g, "Log", apply(g, "Max", b, number(g, 1)));
    const char *place, *z;

    above = apply(g, "Mul", above, number(g, per_log));
    place = apply(g, "Add", apply(g, "Min", b, number(g, 1)), above);
    place = apply(g, "Min", place, number(g, KNOT_FULL));
    z = apply(g, "Sub", place, opgraph_floats(g, 1, &n, knot));
    z = apply(g, "Sub", number(g, 1), call(g, "Abs", z));
    return weigh(g, call(g, "Relu", z), p->shift, EFFECTS);
}

const char *physical_export(const struct physical *p, const char *busy,
                            struct opgraph *g)
{
    double idle = physical_idle(p);
    const char *watts, *gap;

    snprintf(g->scope, sizeof g->scope, "physical");
    watts = apply(g, "Add", curve_of(p, busy, g), shift_of(p, busy, g));
    gap = apply(g, "Mul", busy, number(g, -physical_fade(p)));
    gap = apply(g, "Mul", call(g, "Exp", gap), number(g, p->idle_gap_w));
    watts = apply(g, "Add", watts, gap);
    watts = apply(g, "Max", watts, number(g, idle));
    return apply(g, "Add", watts, number(g, idle * (p->share - 1)));
}
