#include "common/nn/span.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/base/xalloc.h"

/* What lies between the layers of a span may take so many bytes ... */
#define CACHE ((size_t)1 << 20)
#define FEWEST 2 /* ... if it can, for so many rows at least, better ... */
#define STRIDE 32

size_t span_end(const bool *alone, size_t i, size_t end)
{
    if (alone[i++])
        return i;
    while (i < end && !alone[i])
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
    rows -= rows % (rows >= STRIDE ? STRIDE : FEWEST);
    return rows < FEWEST ? FEWEST : rows;
}

size_t part_first(const struct model *m, size_t part)
{
    return part ? m->cut[part - 1] + 1 : 0;
}

size_t part_end(const struct model *m, size_t part)
{
    return part < m->n_cuts ? m->cut[part] + 1 : m->n_layers;
}

void span_starts(const struct model *m, const bool *alone, size_t *start)
{
    for (size_t part = 0; part <= m->n_cuts; part++) {
        size_t end = part_end(m, part), next;

        for (size_t i = part_first(m, part); i < end; i = next) {
            next = span_end(alone, i, end);
            for (size_t j = i; j < next; j++)
                start[j] = i;
        }
    }
}

/* ---- what lies across ---- */

bool span_reads_across(const struct model *m, const bool *across, size_t i)
{
    int at = m->layer[i].from[0].at;

    return at >= 0 && across[at];
}

static bool takes_across(const struct model *m, const bool *across, size_t j)
{
    enum across_use can = m->layer[j].across;

    return can == ACROSS_READS || (can != ACROSS_NEVER && across[j]);
}

/* Take back what the readers of layer i's values, or it, cannot do with. */
static bool withdraw(const struct model *m, bool *across, size_t i)
{
    const struct layer *l = &m->layer[i];
    bool changed = false;

    for (size_t k = 0; k < l->n_from; k++)
        if (l->from[k].at >= 0 && across[l->from[k].at] &&
            !takes_across(m, across, i)) {
            across[l->from[k].at] = false;
            changed = true;
        }
    if (across[i] && l->across == ACROSS_KEEPS &&
        !span_reads_across(m, across, i)) {
        across[i] = false;
        changed = true;
    }
    return changed;
}

void span_across(const struct model *m, bool *across)
{
    bool changed = true;

    for (size_t i = 0; i < m->n_layers; i++)
        across[i] =
            i != (size_t)m->output && (m->layer[i].across == ACROSS_GIVES ||
                                       (m->layer[i].across == ACROSS_KEEPS &&
                                        span_reads_across(m, across, i)));
    while (changed) {
        changed = false;
        for (size_t i = 0; i < m->n_layers; i++)
            changed |= withdraw(m, across, i);
    }
}

void span_alone(const struct model *m, const bool *across, bool *alone)
{
    for (size_t i = 0; i < m->n_layers; i++)
        alone[i] = !m->layer[i].type->by_rows || across[i] ||
                   span_reads_across(m, across, i);
}

/* ---- what is read where it was written ---- */

void span_shares(const struct model *m, bool training, bool *shares)
{
    size_t *readers = xcalloc(m->n_layers, sizeof *readers);

    for (size_t i = 0; i < m->n_layers; i++)
        for (size_t k = 0; k < m->layer[i].n_from; k++)
            if (m->layer[i].from[k].at >= 0 && (training || !m->layer[i].aside))
                readers[m->layer[i].from[k].at]++;
    readers[m->output]++;
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer_type *type = m->layer[i].type;
        int at = m->layer[i].from[0].at;

        shares[i] =
            (type->in_place || (type->in_place_predicting && !training)) &&
            at >= 0 && readers[at] == 1;
    }
    free(readers);
}

void span_inside(const struct model *m, const bool *alone, const size_t *start,
                 const bool *shares, bool *inside)
{
    for (size_t i = 0; i < m->n_layers; i++)
        inside[i] = !alone[i] && (int)i != m->output;
    for (size_t i = m->n_layers; i-- > 0;)
        for (size_t k = 0; k < m->layer[i].n_from; k++) {
            int at = m->layer[i].from[k].at;

            if (at >= 0 && (start[i] != start[at] || (shares[i] && !inside[i])))
                inside[at] = false;
        }
    for (size_t i = 0; i < m->n_layers; i++)
        if (shares[i])
            inside[i] = inside[m->layer[i].from[0].at];
}
