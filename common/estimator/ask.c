#include "common/estimator/ask.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/recent.h"

/* Rows of one window, all the same. */
struct still {
    size_t n, D;
    float *x;       // (n, D)
    uint32_t *span; // (n)
};

static void answer(struct estimator *m, struct recent *r,
                   const struct still *rows, struct answer *out)
{
    const struct window_rows window = {
        .n = rows->n, .D = rows->D, .x = rows->x, .span = rows->span};
    size_t n = recent_append(r, &window, &m->spec, &m->input);
    const struct window_set set = {.x = r->x,
                                   .end = r->end,
                                   .T = r->n,
                                   .D = rows->D,
                                   .N = n,
                                   .delays = (size_t)m->spec.delays,
                                   .tau = (size_t)m->spec.tau};
    struct prediction p = {.support = recent_support(r, &m->spec, r->end[0]),
                           .idle_w = NAN};

    estimator_predict(m, &set);
    estimator_put(m, 0, true, &p);
    *out = (struct answer){.power_w = p.power_w,
                           .width_w =
                               p.upper_w[INTERVAL_90] - p.lower_w[INTERVAL_90],
                           .support = p.support};
}

void estimator_ask(struct estimator *m, const float *x, size_t n,
                   struct answer *out)
{
    struct still rows = {.n = window_span(&m->spec), .D = m->spec.features.n};
    struct recent r = {0};

    rows.x = xcalloc(rows.n * rows.D, sizeof *rows.x);
    rows.span = xcalloc(rows.n, sizeof *rows.span);
    for (size_t i = 0; i < rows.n; i++)
        rows.span[i] = (uint32_t)(i + 1);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rows.n; k++)
            memcpy(rows.x + k * rows.D, x + i * rows.D,
                   rows.D * sizeof *rows.x);
        answer(m, &r, &rows, &out[i]);
    }
    recent_release(&r);
    free(rows.x);
    free(rows.span);
}
