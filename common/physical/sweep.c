#include "common/physical/sweep.h"

#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/physical/thin.h"

/* Copy the rows of a kind; returns how many there are. */
static size_t pick(const struct sweep *rows, size_t kind, float *busy,
                   float *watts)
{
    size_t n = 0;

    for (size_t i = 0; i < rows->n; i++) {
        if (rows->kind[i] != kind)
            continue;
        busy[n] = rows->busy[i];
        watts[n++] = rows->watts[i];
    }
    return n;
}

int sweep_calibrate(struct physical *p, const struct sweep *rows, size_t most,
                    size_t *used, struct err *e)
{
    float *busy = xcalloc(rows->n, sizeof *busy);
    float *watts = xcalloc(rows->n, sizeof *watts);
    size_t each = most > rows->n_kinds ? most / rows->n_kinds : 1;
    struct physical new = *p;
    int rc = 0;

    *used = 0;
    for (size_t k = 0; k < rows->n_kinds && rc == 0; k++) {
        size_t n = pick(rows, k, busy, watts);

        n = thin_rows(busy, watts, n, p->n_cpus, each);
        if (n > 0)
            rc = physical_calibrate(&new, busy, watts, n, false, e);
        *used += n;
    }
    if (rc == 0)
        *p = new;
    free(busy);
    free(watts);
    return rc;
}
