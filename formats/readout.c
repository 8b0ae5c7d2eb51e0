#include "formats/readout.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

/* A tick that comes this early still counts: at 1 s each has its line. */
#define EARLY_NS (NS_PER_S / 10)

static void say(struct readout *r)
{
    time_t t = (time_t)(r->t_ns / NS_PER_S);
    struct tm tm;
    char clock[16] = "";
    double n = (double)r->n;

    if (localtime_r(&t, &tm))
        strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    fprintf(r->f, "%s  %7.2f W", clock, r->power / n);
    if (isfinite(r->lower))
        fprintf(r->f, "  (%.1f to %.1f)", r->lower / n, r->upper / n);
    if (r->n_measured)
        fprintf(r->f, "  measured %7.2f W, error %+.2f W",
                r->measured / (double)r->n_measured,
                r->error / (double)r->n_measured);
    fprintf(r->f, "  support %.2f\n", r->support / n);
    /* Step by whole seconds, unless the recording did not. */
    r->next_ns += NS_PER_S;
    if (r->next_ns < r->t_ns)
        r->next_ns = r->t_ns + NS_PER_S;
    *r = (struct readout){.f = r->f, .next_ns = r->next_ns};
}

void readout_add(struct readout *r, const struct prediction *p)
{
    if (p->t_ns < r->next_ns - 2 * NS_PER_S)
        r->next_ns = 0; /* another run, recorded earlier */
    r->t_ns = p->t_ns;
    r->n++;
    r->power += p->power_w;
    r->lower += p->lower_w[INTERVAL_90];
    r->upper += p->upper_w[INTERVAL_90];
    r->support += p->support;
    if (isfinite(p->measured_w)) {
        r->n_measured++;
        r->measured += p->measured_w;
        r->error += p->power_w - p->measured_w;
    }
    if (p->t_ns >= r->next_ns - EARLY_NS)
        say(r);
}

void readout_end(struct readout *r)
{
    if (r->n)
        say(r);
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
