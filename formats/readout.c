#include "formats/readout.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

void readout_line(FILE *f, const struct second_mean *m)
{
    time_t t = (time_t)(m->t_ns / NS_PER_S);
    struct tm tm;
    char clock[16] = "";

    if (localtime_r(&t, &tm))
        strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    fprintf(f, "%s  %7.2f W", clock, m->power_w);
    if (isfinite(m->lower_w))
        fprintf(f, "  (%.1f to %.1f)", m->lower_w, m->upper_w);
    if (isfinite(m->measured_w))
        fprintf(f, "  measured %7.2f W, error %+.2f W", m->measured_w,
                m->error_w);
    fprintf(f, "  support %.2f\n", m->support);
}

void readout_add(struct readout *r, const struct prediction *p)
{
    struct second_mean m;

    if (second_add(&r->second, p, &m))
        readout_line(r->f, &m);
}

void readout_end(struct readout *r)
{
    struct second_mean m;

    if (second_end(&r->second, &m))
        readout_line(r->f, &m);
}

static void domain_columns(struct text_writer *w, const char *domain)
{
    static const char *const columns[] = {"power_w", "lower_w", "upper_w",
                                          "measured_w"};

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        char *title = xasprintf("%s_%s", domain, columns[i]);

        text_column(w, title);
        free(title);
    }
}

int readout_table(struct text_writer **w, const char *path,
                  enum text_format format, const struct prediction_form *form,
                  struct err *e)
{
    static const char *const columns[] = {"t",       "run",       "workload",
                                          "power_w", "lower_w",   "upper_w",
                                          "support", "measured_w"};

    if (text_writer_open(w, path, format, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        text_column(*w, columns[i]);
    if (form->idle) {
        text_column(*w, "idle_w");
        text_column(*w, "dynamic_w");
    }
    for (size_t i = 0; i < form->domains.n; i++)
        domain_columns(*w, form->domains.at[i]);
    return 0;
}

int readout_row(struct text_writer *w, const struct prediction_form *form,
                const char *run, const char *workload,
                const struct prediction *p, struct err *e)
{
    text_fixed(w, (double)p->t_ns / NS_PER_S, 3);
    text_string(w, run);
    text_string(w, workload);
    text_fixed(w, p->power_w, 3);
    text_fixed(w, p->lower_w[INTERVAL_90], 3);
    text_fixed(w, p->upper_w[INTERVAL_90], 3);
    text_fixed(w, p->support, 3);
    text_fixed(w, p->measured_w, 3);
    if (form->idle) {
        text_fixed(w, p->idle_w, 3);
        text_fixed(w, p->power_w - p->idle_w, 3);
    }
    for (size_t i = 0; i < form->domains.n; i++) {
        text_fixed(w, p->domain[i].power_w, 3);
        text_fixed(w, p->domain[i].lower_w, 3);
        text_fixed(w, p->domain[i].upper_w, 3);
        text_fixed(w, p->domain[i].measured_w, 3);
    }
    return text_row(w, e);
}
