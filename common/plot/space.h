#ifndef PLOT_SPACE_H
#define PLOT_SPACE_H

#include <stdint.h>

#include "common/base/rng.h"
#include "common/plot/canvas.h"
#include "formats/window.h"

/*
 * The space of the features: where the rows lie that a model would learn from,
 * where the others do, and which of these are unlike all of them
 * (common/math/support.h, below one half).  To learn from are the rows of the
 * training part, or of the first file where windows have no parts.
 *
 *     struct space s;
 *     space_init(&s, "user_pct,log_ctxt", seed, allow_truncated);
 *     space_add(&s, path, &e);     for each input, the first one first
 *     space_draw(&s, canvas, &e);
 *     space_release(&s);
 */
enum { SPACE_ROWS = 4000, SPACE_FEATURES = 512 };

struct space {
    const char *axes; /* two features, or NULL: principal components */
    bool allow_truncated;
    struct strings features;
    struct space_cloud {
        float *x; /* (n, D) SPACE_ROWS at most, any as likely as another */
        size_t n;
        uint64_t seen;
    } known, other;
    size_t files;
    struct rng rng;
};

void space_init(struct space *s, const char *axes, uint64_t seed,
                bool allow_truncated);
void space_release(struct space *s);
int space_add(struct space *s, const char *path, struct err *e);

/* -1 with e filled: nothing to draw (ERR_DATA), no such feature (ERR_USAGE). */
int space_draw(const struct space *s, struct canvas *c, struct err *e);

#endif
