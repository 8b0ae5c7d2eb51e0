#ifndef MATH_CEILING_H
#define MATH_CEILING_H

#include "common/base/pool.h"
#include "common/math/labelled.h"

/*
 * How well any model of these features could do: the three-scope
 * nearest-neighbour estimator.
 *
 * Two rows whose features are the same and whose watts differ show a spread
 * that no model of these features explains.  The nearest neighbour of every
 * row (features z-scored, clipped at 6) is looked for in three scopes, and
 * gamma = mean (y - y of the neighbour)^2 / 2 estimates the variance that is
 * left in each: the error of the best model that has seen as much.  Where
 * neighbours lie far apart it also holds what changed between them, so it is
 * an upper bound.
 */
enum ceiling_scope {
    SCOPE_FILE,  /* the same file, further than apart_ns away */
    SCOPE_GROUP, /* another file of the same group */
    SCOPE_OTHER, /* another group */
    SCOPES,
};

struct ceiling_options {
    int64_t apart_ns;
    size_t max_rows; /* rows whose neighbours are looked for, drawn by the seed;
                        0: all.  All rows may be neighbours. */
    size_t draws;    /* of the bootstrap over files */
    uint64_t seed;
};

/* An estimate with the 5 % and 95 % points of the bootstrap; NaN: unknown. */
struct estimate {
    double value, low, high;
};

/* The error budget, W^2: variance = explained + noise + hidden + gap. */
enum ceiling_figure {
    CEILING_VARIANCE, /* of y over the same rows */
    CEILING_GAMMA,    /* gamma of SCOPE_FILE, _GROUP, _OTHER */
    CEILING_NOISE = CEILING_GAMMA + SCOPES, /* gamma of SCOPE_FILE */
    CEILING_HIDDEN, /* gamma of SCOPE_GROUP less that: what differs between
                       recordings of the same work and no feature shows */
    CEILING_GAP,    /* gamma of SCOPE_OTHER less that of SCOPE_GROUP: what
                       differs between kinds of work */
    CEILING_FIGURES,
};

struct ceiling {
    struct estimate w2[CEILING_FIGURES];
    size_t asked;         /* rows whose neighbours were looked for */
    size_t used;          /* with a neighbour in each scope that there is */
    size_t n[SCOPES];     /* with a neighbour in that scope; 0: no such scope */
    double apart[SCOPES]; /* mean distance to the neighbour, in standard
                             deviations of a feature (root mean square over
                             the features) */
};

/*
 * Estimate.  A scope in which no row has a neighbour (a single group, say) is
 * left out, and what needs it is NaN.  The bootstrap draws whole files, with
 * their neighbours as they are.  The result does not depend on the number of
 * threads.
 */
void ceiling_estimate(const struct labelled *rows,
                      const struct ceiling_options *o, struct pool *pool,
                      struct ceiling *out);

/*
 * z-score the columns of x (T, D) and clip at +-6; a constant column becomes
 * 0.  The result is the caller's, to be freed.
 */
float *ceiling_standardise(const float *x, size_t T, size_t D);

#endif
