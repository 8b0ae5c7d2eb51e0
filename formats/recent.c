#include "formats/recent.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

/* Room for n more rows behind the span - 1 that a new window may reach. */
static void make_room(struct recent *r, size_t D, size_t span, size_t n)
{
    size_t keep = r->n < span - 1 ? r->n : span - 1, first = r->n - keep;

    if (r->n + n <= r->cap)
        return;
    if (first) {
        memmove(r->x, r->x + first * D, keep * D * sizeof *r->x);
        memmove(r->support, r->support + first, keep * sizeof *r->support);
        r->n = keep;
    }
    if (keep + n <= r->cap)
        return;
    r->cap = 2 * (keep + n);
    r->x = xreallocarray(r->x, r->cap * D, sizeof *r->x);
    r->support = xreallocarray(r->support, r->cap, sizeof *r->support);
    r->end = xreallocarray(r->end, r->cap, sizeof *r->end);
}

size_t recent_append(struct recent *r, const struct window_rows *rows,
                     const struct window_spec *spec, const struct input *in)
{
    size_t D = rows->D, span = window_span(spec), n = 0;

    make_room(r, D, span, rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        r->support[r->n + i] = support_row(&in->support, rows->x + i * D);
        if (rows->span[i] >= span)
            r->end[n++] = (uint32_t)(r->n + i);
    }
    memcpy(r->x + r->n * D, rows->x, rows->n * D * sizeof *r->x);
    scale_apply(&in->scale, r->x + r->n * D, rows->n, in->clip);
    r->n += rows->n;
    return n;
}

float recent_support(const struct recent *r, const struct window_spec *spec,
                     size_t end)
{
    return support_window(r->support, (size_t)spec->delays, (size_t)spec->tau,
                          end);
}

void recent_release(struct recent *r)
{
    free(r->x);
    free(r->support);
    free(r->end);
}
