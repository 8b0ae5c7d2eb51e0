#include "formats/measured.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/sample.h"

void measured_release(struct measured *m)
{
    free(m->busy);
    free(m->watts);
    free(m->kind);
    strings_release(&m->kinds);
    free(m->cpu_model);
    strings_release(&m->origin);
    memset(m, 0, sizeof *m);
}

static int note_machine(struct measured *m, const struct labels *meta,
                        struct err *e)
{
    const char *model = labels_get_or(meta, META_CPU_MODEL, "");
    double cpus = strtod(labels_get_or(meta, META_CPUS, "0"), NULL);

    if (!(cpus >= 0 && cpus < 1e6))
        return err_set(e, ERR_DATA, "%g CPUs: out of range", cpus);
    if (cpus > 0 && m->n_cpus > 0 && cpus != m->n_cpus)
        return err_set(e, ERR_DATA,
                       "a machine of %g CPUs after one of %g; calibrate each "
                       "by its own recordings",
                       cpus, m->n_cpus);
    if (*model && m->cpu_model && strcmp(model, m->cpu_model) != 0)
        return err_set(e, ERR_DATA,
                       "the processor is '%s' after '%s'; calibrate each by "
                       "its own recordings",
                       model, m->cpu_model);
    m->n_cpus = cpus > 0 ? cpus : m->n_cpus;
    if (*model && !m->cpu_model)
        m->cpu_model = xstrdup(model);
    return 0;
}

static int begin_segment(struct measured *m, const struct window_reader *r,
                         struct err *e)
{
    const struct stream_header *h = window_reader_header(r);
    const char *work = labels_get_or(&h->meta, META_WORKLOAD, "");

    if (window_spec_check(m->like, window_reader_spec(r), e) < 0)
        return err_prefix(e, "not the model's windows (rapl-window --like "
                             "makes them)");
    if (strings_find(&m->kinds, work) < 0)
        strings_add(&m->kinds, work);
    if (m->origin.n == 0)
        strings_copy(&m->origin, &h->provenance);
    return note_machine(m, &h->meta, e);
}

/* Rows of a segment, of that kind of work. */
static void add_rows(struct measured *m, const struct window_rows *rows,
                     size_t column, int64_t end_ns, int kind)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->t_ns[i] >= end_ns)
            continue;
        m->n_read++;
        if (rows->part[i] == PART_TEST) {
            m->n_test++;
        } else if (isnan(rows->label[i])) {
            m->n_unlabelled++;
        } else {
            m->busy = xgrow(m->busy, m->n, &m->cap_busy, sizeof *m->busy);
            m->watts = xgrow(m->watts, m->n, &m->cap_watts, sizeof *m->watts);
            m->kind = xgrow(m->kind, m->n, &m->cap_kind, sizeof *m->kind);
            m->kind[m->n] = (uint32_t)kind;
            m->busy[m->n] = rows->x[i * rows->D + column];
            m->watts[m->n++] = rows->label[i];
        }
    }
}

static int kind_now(const struct measured *m, const struct window_reader *r)
{
    const struct labels *meta = &window_reader_header(r)->meta;

    return strings_find(&m->kinds, labels_get_or(meta, META_WORKLOAD, ""));
}

int measured_add(struct measured *m, const char *path, struct err *e)
{
    int column = strings_find(&m->like->features, "busy_cpus");
    struct window_reader *r = NULL;
    struct window_rows rows;
    int64_t end_ns = INT64_MAX;
    int rc;

    if (column < 0)
        return err_set(e, ERR_DATA, "the model does not take busy_cpus");
    rc = window_reader_open(&r, path, e);
    if (rc < 0)
        goto out;
    stream_reader_allow_truncated(window_reader_stream(r), m->allow_truncated);
    while ((rc = window_reader_next(r, &rows, e)) > 0) {
        if (rows.new_segment && begin_segment(m, r, e) < 0) {
            rc = err_prefix(e, "%s",
                            stream_reader_name(window_reader_stream(r)));
            break;
        }
        if (rows.new_segment && m->first_ns > 0)
            end_ns = rows.t_ns[0] + m->first_ns;
        add_rows(m, &rows, (size_t)column, end_ns, kind_now(m, r));
    }
out:
    window_reader_close(r);
    return rc;
}

void measured_digest(const struct measured *m, char out[DIGEST_HEX + 1])
{
    struct digest *d = digest_new();

    digest_add(d, m->busy, m->n * sizeof *m->busy);
    digest_add(d, m->watts, m->n * sizeof *m->watts);
    digest_end(d, out);
}

void measured_coarsen(struct measured *m, size_t span)
{
    size_t n = m->n / span;

    for (size_t i = 0; i < n; i++) {
        double busy = 0, watts = 0;

        for (size_t k = i * span; k < (i + 1) * span; k++) {
            busy += m->busy[k];
            watts += m->watts[k];
        }
        m->busy[i] = (float)(busy / (double)span);
        m->watts[i] = (float)(watts / (double)span);
    }
    m->n = n;
}
