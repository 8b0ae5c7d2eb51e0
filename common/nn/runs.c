#include "common/nn/runs.h"

#include <stdlib.h>

#include "common/base/xalloc.h"

/* The windows sorted by what their ends leave when divided by tau. */
static uint32_t *sort_by_phase(const struct window_set *s)
{
    uint32_t *order = xcalloc(s->N + 1, sizeof *order);
    size_t *at = xcalloc(s->tau + 1, sizeof *at);

    for (size_t i = 0; i < s->N; i++)
        at[s->end[i] % s->tau + 1]++;
    for (size_t k = 1; k < s->tau; k++)
        at[k] += at[k - 1];
    for (size_t i = 0; i < s->N; i++)
        order[at[s->end[i] % s->tau]++] = (uint32_t)i;
    free(at);
    return order;
}

/* How many windows from here on follow one another. */
static size_t chain(const struct window_set *s, const uint32_t *at, size_t left,
                    size_t most)
{
    size_t n = 1;

    while (n < left && n < most && s->end[at[n]] == s->end[at[n - 1]] + s->tau)
        n++;
    return n;
}

void runs_find(struct runs *r, const struct window_set *set, size_t least,
               size_t most)
{
    size_t n;

    *r = (struct runs){.order = sort_by_phase(set)};
    r->run = xcalloc(set->N / least + 1, sizeof *r->run);
    r->alone = xcalloc(set->N + 1, sizeof *r->alone);
    for (size_t i = 0; i < set->N; i += n) {
        const uint32_t *at = r->order + i;

        n = chain(set, at, set->N - i, most);
        if (n >= least)
            r->run[r->n++] = (struct run){at, n};
        for (size_t k = 0; k < n && n < least; k++)
            r->alone[r->n_alone++] = at[k];
    }
}

void runs_release(struct runs *r)
{
    free(r->run);
    free(r->order);
    free(r->alone);
}
