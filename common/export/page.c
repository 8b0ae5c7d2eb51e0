#include "common/export/page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/base/version.h"
#include "formats/text.h"

#define PREFIX "decode_rapl_"

/* ---- the text format ---- */

static void begin(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help,
            name, type);
}

/* A label's value; a byte that is no UTF-8, which no scraper takes, as U+FFFD.
 */
static void put_value(FILE *f, const char *s)
{
    uint32_t code;

    for (size_t n; *s; s += n ? n : 1) {
        n = utf8_decode(s, &code);
        if (n == 0)
            fputs("\xef\xbf\xbd", f);
        else if (*s == '\n')
            fputs("\\n", f);
        else if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else
            fwrite(s, 1, n, f);
    }
}

/* NAME{KEY="VALUE",...}, without labels that have no value.  Pairs end with
 * NULL. */
static void put_name(FILE *f, const char *name, const char *const *pairs)
{
    char open = '{';

    fprintf(f, PREFIX "%s", name);
    for (; *pairs; pairs += 2) {
        if (!*pairs[1])
            continue;
        fprintf(f, "%c%s=\"", open, pairs[0]);
        put_value(f, pairs[1]);
        fputc('"', f);
        open = ',';
    }
    fputs(open == ',' ? "} " : " ", f);
}

static void put_real(FILE *f, double v)
{
    char text[TEXT_NUMBER];

    text_format_f64(text, v);
    fprintf(f, "%s\n", text);
}

static void put_float(FILE *f, float v)
{
    char text[TEXT_NUMBER];

    text_format_f32(text, v);
    fprintf(f, "%s\n", text);
}

static void put_only(FILE *f, const char *name, double v)
{
    fprintf(f, PREFIX "%s ", name);
    put_real(f, v);
}

/* ---- metrics of each meter ---- */

/* A metric that has a value for each meter that `of` gives one: NaN is none. */
struct metric_row {
    const char *name, *type, *help;
    double (*sum)(const struct meter *m);
    float (*gauge)(const struct meter *m);
};

static float watts_of(const struct meter *m)
{
    return m->watts;
}

static float idle_of(const struct meter *m)
{
    return m->idle_w;
}

static float dynamic_of(const struct meter *m)
{
    return m->watts - m->idle_w;
}

static double joules_of(const struct meter *m)
{
    return m->shown.joules;
}

static double idle_joules_of(const struct meter *m)
{
    return isnan(m->idle_w) ? NAN : m->shown.idle_joules;
}

static double dynamic_joules_of(const struct meter *m)
{
    return isnan(m->idle_w) ? NAN : m->shown.dynamic_joules;
}

static double seconds_of(const struct meter *m)
{
    return m->shown.seconds;
}

static const struct metric_row METRICS[] = {
    {"watts", "gauge",
     "Power of a zone in the latest sample; zones overlap, never add them up.",
     NULL, watts_of},
    {"idle_watts", "gauge",
     "The part of the predicted power that this machine takes when idle.", NULL,
     idle_of},
    {"dynamic_watts", "gauge",
     "The part of the predicted power that is due to work, above idle.", NULL,
     dynamic_of},
    {"joules_total", "counter",
     "Energy of a zone over the samples that came; zones overlap, never add "
     "them up.",
     joules_of, NULL},
    {"idle_joules_total", "counter",
     "The part of the predicted energy that this machine takes when idle.",
     idle_joules_of, NULL},
    {"dynamic_joules_total", "counter",
     "The part of the predicted energy that is due to work, above idle.",
     dynamic_joules_of, NULL},
    {"covered_seconds_total", "counter",
     "Time that the joules are of: joules by these seconds are the mean watts.",
     seconds_of, NULL},
};

static void put_meter_name(FILE *f, const char *name, const struct meter *m,
                           const char *level)
{
    const char *const pairs[] = {
        "zone",  m->zone,  "source", meter_source_name(m->source),
        "model", m->model, "level",  level,
        NULL};

    put_name(f, name, pairs);
}

static void put_metric(FILE *f, const struct metric_row *r,
                       const struct meters *ms)
{
    bool begun = false;

    for (size_t i = 0; i < ms->n; i++) {
        const struct meter *m = &ms->at[i];

        if (!m->live || (r->gauge ? isnan(r->gauge(m)) : isnan(r->sum(m))))
            continue;
        if (!begun)
            begin(f, r->name, r->type, r->help);
        begun = true;
        put_meter_name(f, r->name, m, "");
        if (r->gauge)
            put_float(f, r->gauge(m));
        else
            put_real(f, r->sum(m));
    }
}

/* One end of the intervals of all meters. */
static void put_ends(FILE *f, const struct meters *ms, bool upper)
{
    const char *name = upper ? "upper_watts" : "lower_watts";
    bool begun = false;

    for (size_t i = 0; i < ms->n; i++) {
        for (int k = 0; k < INTERVALS; k++) {
            const struct meter *m = &ms->at[i];
            float v = upper ? m->upper_w[k] : m->lower_w[k];
            char level[16];

            if (!m->live || isnan(v))
                continue;
            if (!begun)
                begin(f, name, "gauge",
                      upper ? "Upper end of the interval that is meant to hold "
                              "that share (level) of the cases."
                            : "Lower end of the interval that is meant to hold "
                              "that share (level) of the cases.");
            begun = true;
            snprintf(level, sizeof level, "0.%d", interval_percent(k) / 10);
            put_meter_name(f, name, m, level);
            put_float(f, v);
        }
    }
}

/* ---- metrics of the whole ---- */

static void put_model(FILE *f, const struct meters *ms)
{
    const char *const model[] = {"model", ms->model, NULL};
    const char *const info[] = {
        "model",      ms->model,
        "name",       labels_get_or(&ms->meta, "name", ""),
        "sha256",     labels_get_or(&ms->meta, "sha256", ""),
        "trained_on", labels_get_or(&ms->meta, "trained_on", ""),
        NULL};

    if (!isnan(ms->support)) {
        begin(f, "support_ratio", "gauge",
              "How well the model knows such a load: 1 as in training, below "
              "0.5 too little, 0 nothing like it.");
        put_name(f, "support_ratio", model);
        put_float(f, ms->support);
    }
    begin(f, "model_info", "gauge",
          "The model that predicts: its name, its whole hash, the split and "
          "part it was trained on.");
    put_name(f, "model_info", info);
    fputs("1\n", f);
    if (ms->dt_s > 0) {
        begin(f, "sample_interval_seconds", "gauge",
              "Time that the latest sample stands for.");
        put_only(f, "sample_interval_seconds", (double)ms->dt_s);
    }
}

static void put_exporter(FILE *f, const struct meters *ms,
                         const struct age *age)
{
    static const char *const build[] = {"version", RAPL_VERSION, NULL};

    begin(f, "fresh", "gauge",
          "1: samples arrive; 0: they are stale, and watts and joules absent.");
    put_only(f, "fresh", age->fresh);
    if (ms->any) {
        begin(f, "last_sample_timestamp_seconds", "gauge",
              "When the latest sample was taken, in seconds since 1970.");
        fprintf(f, PREFIX "last_sample_timestamp_seconds %lld.%03d\n",
                ms->t_ns / NS_PER_S, (int)(ms->t_ns % NS_PER_S / NS_PER_MS));
    }
    if (!isnan(age->seconds)) {
        begin(f, "last_sample_age_seconds", "gauge",
              "How long ago the latest sample was taken.");
        fprintf(f, PREFIX "last_sample_age_seconds %.3f\n", age->seconds);
    }
    begin(f, "samples_total", "counter", "Samples that were read.");
    fprintf(f, PREFIX "samples_total %" PRIu64 "\n", ms->n_rows_shown);
    begin(f, "build_info", "gauge", "The version of rapl-export.");
    put_name(f, "build_info", build);
    fputs("1\n", f);
}

void page_print(FILE *f, const struct meters *ms, const struct age *age)
{
    if (age->fresh) {
        for (size_t i = 0; i < sizeof METRICS / sizeof *METRICS; i++)
            put_metric(f, &METRICS[i], ms);
        put_ends(f, ms, false);
        put_ends(f, ms, true);
        put_model(f, ms);
    }
    put_exporter(f, ms, age);
}
