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

#endif
