#include "common/nn/span.h"

#include <stdint.h>

/* What lies between the layers of a span may take so many bytes ... */
#define CACHE ((size_t)1 << 20)
#define STEP 4 /* ... if it can, for a multiple of so many rows, better ... */
#define STRIDE 32

size_t span_end(const struct model *m, size_t i, size_t end)
{
    if (!m->layer[i++].type->by_rows)
        return i;
    while (i < end && m->layer[i].type->by_rows)
        i++;
    return i;
}

size_t span_rows(const struct model *m, size_t i, size_t end)
{
    size_t values = 0, rows;

    if (i + 1 == end)
        return SIZE_MAX;
    for (; i < end; i++)
        values += m->layer[i].n_out;
    rows = CACHE / sizeof(float) / values;
    if (rows >= STEP)
        rows -= rows % (rows >= STRIDE ? STRIDE : STEP);
    return rows < 1 ? 1 : rows;
}

size_t part_first(const struct model *m, size_t part)
{
    return part ? m->cut[part - 1] + 1 : 0;
}

size_t part_end(const struct model *m, size_t part)
{
    return part < m->n_cuts ? m->cut[part] + 1 : m->n_layers;
}

void span_starts(const struct model *m, size_t *start)
{
    for (size_t part = 0; part <= m->n_cuts; part++) {
        size_t end = part_end(m, part), next;

        for (size_t i = part_first(m, part); i < end; i = next) {
            next = span_end(m, i, end);
            for (size_t j = i; j < next; j++)
                start[j] = i;
        }
    }
}
