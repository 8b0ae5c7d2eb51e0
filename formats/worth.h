#ifndef FORMATS_WORTH_H
#define FORMATS_WORTH_H

#include "common/base/pool.h"
#include "formats/grid.h"
#include "formats/rowset.h"

/*
 * What recordings are worth, as tables: what rapl-stat prints.  Each function
 * makes a grid, which the caller frees; 0, or -1 with e filled (ERR_DATA: the
 * rows cannot answer the question, and why).
 */
struct worth_options {
    const char *session;           /* a label; NULL: each recording is one */
    const struct strings *without; /* features that are left out together */
    size_t max_rows;               /* whose neighbours are looked for */
    int64_t apart_ns;              /* rows of a file are strangers beyond it */
    uint64_t seed;
    double most_w;                 /* more is impossible */
    size_t n_lags;                 /* of worth_lags() */
    const struct strings *require; /* of worth_judge(): "late_pct<1" */
};

/* The three-scope estimator and its error budget (common/math/ceiling.h). */
int worth_ceiling(const struct rowset *set, const struct labelled *rows,
                  const struct worth_options *o, struct pool *pool,
                  struct grid **g, struct err *e);

/* Which features tell sessions apart (common/math/fingerprint.h), and what a
 * plain model scores without them (common/math/additive.h). */
int worth_fingerprint(const struct rowset *set, const struct labelled *rows,
                      const struct worth_options *o, struct pool *pool,
                      struct grid **g, struct err *e);

/*
 * The five below take sets with keep_unlabelled.
 *
 * All recordings together, a row a check: whether they are complete, in time,
 * plausible; what they cover.  A requirement that is not met is told in
 * `failed`; one that cannot be understood is ERR_USAGE.
 */
int worth_judge(const struct rowset *set, const struct labelled *rows,
                const struct worth_options *o, struct pool *pool,
                struct grid **g, struct strings *failed, struct err *e);

/* A row a recording. */
int worth_each(const struct rowset *set, const struct labelled *rows,
               const struct worth_options *o, struct pool *pool,
               struct grid **g, struct err *e);

/* A row a value of the label --group: which kinds of work dominate. */
int worth_groups(const struct rowset *set, const struct labelled *rows,
                 const struct worth_options *o, struct pool *pool,
                 struct grid **g, struct err *e);

/* A row a feature, and one for the watts: range and quantisation. */
int worth_columns(const struct rowset *set, const struct labelled *rows,
                  const struct worth_options *o, struct pool *pool,
                  struct grid **g, struct err *e);

/* A row a lag: autocorrelation and average mutual information of watts and
 * load, means over the recordings; below, the delays that they suggest. */
int worth_lags(const struct rowset *set, const struct labelled *rows,
               const struct worth_options *o, struct pool *pool,
               struct grid **g, struct err *e);

#endif
