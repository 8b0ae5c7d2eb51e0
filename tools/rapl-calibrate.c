/*
 * rapl-calibrate: fit a physical model to this machine.
 *
 * Reads   a checkpoint; window streams with watts, or a few known wattages
 * Writes  the checkpoint, narrowed
 *
 *     rapl-sample -d 60s | rapl-window --like M | rapl-calibrate M -o here.ckpt
 *
 * Exit: 0 done; 2 usage; 3 bad data, evidence that cannot be used; 4 system.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "common/base/xalloc.h"
#include "common/estimator/estimator.h"
#include "common/math/decimal.h"
#include "common/physical/sweep.h"
#include "common/physical/thin.h"
#include "common/physical/wattage.h"
#include "formats/calibrations.h"
#include "formats/config.h"
#include "formats/cpu_check.h"
#include "formats/measured.h"
#include "formats/output.h"

enum { SWEEP_ROWS = 60 }; /* taken of a sweep, unless --rows says */

/* How far off the watts of a recording may be as an anchor: a share of them. */
#define RECORDED_ERROR 0.01

static const char EXAMPLES[] =
    "  rapl-sample -d 60s | rapl-window --like M | "
    "rapl-calibrate M -o here.ckpt\n"
    "  rapl-calibrate M --idle 21W --full 140W --share 4/24 -o guest.ckpt";

struct options {
    struct cli_common common;
    struct wattage known[WATTAGES];
    const char *anchor_error, *share;
    int64_t host_cpus, own_cpus, rows, first_ns;
    bool same, allow_truncated;
    double guest_cpus; /* of --share and --host-cpus; 0: none given */
    double cpus;       /* of the machine; 0: not told */
};

struct job {
    const struct options *o;
    struct checkpoint file;
    struct window_spec spec;
    struct physical model;
    struct measured rows, recorded[WATTAGES];
    int nth;     /* calibration of this model, from 1 */
    size_t used; /* rows */
    char rows_hash[DIGEST_HEX + 1];
    float store[PHYSICAL_STORE];
};

static void release(struct job *j)
{
    measured_release(&j->rows);
    for (int a = 0; a < WATTAGES; a++)
        measured_release(&j->recorded[a]);
    window_spec_release(&j->spec);
    checkpoint_release(&j->file);
}

/* ---- options ---- */

/* "4/24" */
static int parse_share(struct options *o, struct err *e)
{
    const char *text = o->share, *bar = text ? strchr(text, '/') : NULL;

    if (!text)
        return 0;
    if (!bar || !decimal_parse(text, bar, &o->guest_cpus) ||
        !decimal_parse(bar + 1, text + strlen(text), &o->cpus) ||
        !(o->guest_cpus > 0 && o->guest_cpus <= o->cpus && o->cpus < 1e6))
        return err_set(e, ERR_USAGE,
                       "--share: '%s' is no share; write 4/24, the guest's "
                       "CPUs of the host's",
                       text);
    return 0;
}

static int take_options(struct options *o, struct cli *cli, struct err *e)
{
    double error;
    char *end;

    if (config_file_options(o->common.config, cli, e) < 0)
        return -1;
    error = strtod(o->anchor_error, &end) / 100;
    if (end == o->anchor_error || strcmp(end, "%") != 0 ||
        !(error > 0 && error < 1))
        return err_set(e, ERR_USAGE,
                       "--anchor-error: '%s' is no share of the watts; write "
                       "5%%",
                       o->anchor_error);
    for (int a = 0; a < WATTAGES; a++)
        if (wattage_parse(&o->known[a], error, RECORDED_ERROR, e) < 0)
            return -1;
    if (!!o->share + !!o->host_cpus + !!o->own_cpus > 1)
        return err_set(e, ERR_USAGE,
                       "give one of --share, --host-cpus and --cpus");
    o->cpus = (double)(o->host_cpus ? o->host_cpus : o->own_cpus);
    return parse_share(o, e);
}

static bool is_file(const struct wattage *a)
{
    return a->text && isnan(a->watts);
}

/* Nothing that is read is written over; paths[0] is the model. */
static int check_output(const struct options *o, char **paths, int n,
                        struct err *e)
{
    const struct cli_common *c = &o->common;

    if (output_is_stdout(c->output) && isatty(STDOUT_FILENO))
        return err_set(e, ERR_USAGE,
                       "a checkpoint is not for a terminal: give -o FILE");
    for (int a = 0; a < WATTAGES; a++)
        if (is_file(&o->known[a]) &&
            output_check_one(c->output, o->known[a].text, e) < 0)
            return -1;
    return n ? output_check(c->output, c->config, paths, n, e) : 0;
}

/* ---- what there is ---- */

static int load_model(struct job *j, const char *path, struct err *e)
{
    if (checkpoint_read(&j->file, path, e) < 0)
        return -1;
    if (!checkpoint_find(&j->file, "physical.curve"))
        return err_set(e, ERR_DATA,
                       "%s: a model of the family %s cannot be calibrated; "
                       "train one with configs/physical.yaml, or train this "
                       "one again with recordings of this machine",
                       path,
                       labels_get_or(&j->file.meta, CHECKPOINT_FAMILY, "?"));
    if (window_spec_from_meta(&j->spec, &j->file.meta, e) < 0 ||
        physical_from_checkpoint(&j->model, &j->file, e) < 0)
        return err_prefix(e, "%s", path);
    j->nth = calibrations_count(&j->file.meta) + 1;
    return 0;
}

static int read_streams(struct job *j, struct measured *m, char **paths, int n,
                        struct err *e)
{
    m->like = &j->spec;
    m->allow_truncated = j->o->allow_truncated;
    for (int i = 0; i < n; i++)
        if (measured_add(m, paths[i], e) < 0)
            return -1;
    return 0;
}

/* Without files standard input is read, unless all is said by options. */
static int read_all(struct job *j, char **paths, int n, struct err *e)
{
    char *input[] = {(char *)"-"};
    const struct options *o = j->o;

    if (n == 0 && !o->known[WATTAGE_IDLE].text &&
        !o->known[WATTAGE_FULL].text && !o->share) {
        paths = input;
        n = 1;
    }
    j->rows.first_ns = o->first_ns;
    if (read_streams(j, &j->rows, paths, n, e) < 0)
        return -1;
    for (int a = 0; a < WATTAGES; a++) {
        char *file[] = {(char *)o->known[a].text};

        if (is_file(&o->known[a]) &&
            read_streams(j, &j->recorded[a], file, 1, e) < 0)
            return -1;
    }
    return 0;
}

/* ---- the machine ---- */

/*
 * A stream with as many CPUs as the machine has is of the machine; one with
 * fewer is of a guest, and tells how many it has.
 */
static int place_stream(struct options *o, const struct measured *m,
                        struct err *e)
{
    double cpus = m->n_cpus;

    if (cpus == 0 || cpus == o->cpus)
        return 0;
    if (o->cpus == 0) {
        o->cpus = cpus;
        return 0;
    }
    if (o->guest_cpus == 0 && o->host_cpus && cpus < o->cpus)
        o->guest_cpus = cpus;
    if (cpus != o->guest_cpus)
        return err_set(e, ERR_DATA,
                       "the windows are of a machine of %g CPUs, and the %s "
                       "has %g; say what share of it a guest has by --share",
                       cpus, o->own_cpus ? "one of --cpus" : "host", o->cpus);
    if (m->n > 0)
        return err_set(e, ERR_DATA,
                       "watts beside the CPUs of a guest are of the whole "
                       "host: calibrate on the host, or by --idle and --full");
    return 0;
}

/* Wattages without any word of what machine they are of. */
static bool is_here(const struct job *j)
{
    const struct wattage *a = j->o->known;

    return (a[WATTAGE_IDLE].text || a[WATTAGE_FULL].text) &&
           j->model.calibrated == 0;
}

static double cpus_online(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    double cpus = n > 0 ? (double)n : 1;

    log_note("the wattages are taken for a machine of %g CPUs, as are online "
             "here; --cpus says of how many they are",
             cpus);
    return cpus;
}

static int place(struct job *j, struct options *o, struct err *e)
{
    double trained = j->model.n_cpus;

    if (o->cpus == 0 && j->model.share != 1) { /* a guest's, once more */
        o->cpus = trained;
        o->guest_cpus = round(j->model.share * trained);
    }
    if (place_stream(o, &j->rows, e) < 0 ||
        place_stream(o, &j->recorded[WATTAGE_IDLE], e) < 0 ||
        place_stream(o, &j->recorded[WATTAGE_FULL], e) < 0)
        return -1;
    if (o->cpus == 0)
        o->cpus = is_here(j) ? cpus_online() : trained;
    if (o->cpus != trained)
        log_note("the model is of a machine of %g CPUs, this one has %g: its "
                 "curve is scaled, and less sure",
                 trained, o->cpus);
    physical_resize(&j->model, o->cpus);
    return 0;
}

/* ---- evidence ---- */

static int use_rows(struct job *j, struct err *e)
{
    const struct options *o = j->o;
    struct measured *m = &j->rows;
    struct sweep rows = {m->n, m->busy, m->watts, m->kind, m->kinds.n};
    size_t most = o->rows ? (size_t)o->rows : SWEEP_ROWS;

    measured_digest(m, j->rows_hash);
    if (calibrations_check(&j->file.meta, j->rows_hash, o->same, e) < 0)
        return -1;
    if (!o->same)
        return sweep_calibrate(&j->model, &rows, most, &j->used, e);
    j->used = o->rows
                  ? thin_rows(m->busy, m->watts, m->n, j->model.n_cpus, most)
                  : m->n;
    return physical_calibrate(&j->model, m->busy, m->watts, j->used, true, e);
}

/* The watts of a recording of nothing but idle, or of nothing but full load. */
static int measure_wattage(struct job *j, int which, struct wattage *a,
                           struct err *e)
{
    struct measured *m = &j->recorded[which];
    int64_t second = NS_PER_S / j->spec.interval_ns;
    int (*const measure)(const float *, const float *, size_t, double, double *,
                         struct err *) =
        which == WATTAGE_IDLE ? physical_settled_idle : physical_full_load;

    measured_coarsen(m, (size_t)(second > 1 ? second : 1));
    if (measure(m->busy, m->watts, m->n, j->model.n_cpus, &a->watts, e) < 0)
        return err_prefix(e, "--%s %s", a->name, a->text);
    return 0;
}

static int use_wattages(struct job *j, struct wattage *w, struct err *e)
{
    bool stretched;

    for (int a = 0; a < WATTAGES; a++)
        if (is_file(&w[a]) && measure_wattage(j, a, &w[a], e) < 0)
            return -1;
    if (wattages_use(&j->model, w, &stretched, e) < 0)
        return -1;
    if (!stretched)
        return 0;
    log_note("machines like those of the training do not draw these watts: the "
             "curve is stretched to another make, which is less sure");
    calibrations_set(&j->file.meta, j->nth, "stretched", "yes");
    return 0;
}

/* Rows first, so that a wattage is held against them. */
static int calibrate(struct job *j, struct options *o, struct err *e)
{
    if (j->rows.n > 0 && use_rows(j, e) < 0)
        return -1;
    if (j->rows.n == 0 && !o->known[WATTAGE_IDLE].text &&
        !o->known[WATTAGE_FULL].text && !o->share)
        return err_set(e, ERR_DATA,
                       "%zu windows, and none with measured watts to learn "
                       "from; where there is no energy counter, say what is "
                       "known by --idle and --full",
                       j->rows.n_read);
    return use_wattages(j, o->known, e);
}

/* ---- what it gave ---- */

enum { LOADS = 3 };
static const char *const LOAD_NAMES[LOADS] = {"idle", "half", "full"};

/* Width of the 90 % interval at idle, half load, full load, W. */
static void widths(const struct physical *p, double *width)
{
    for (int k = 0; k < LOADS; k++) {
        struct physical_prediction at;
        float busy = (float)(p->n_cpus * k / (LOADS - 1));

        physical_predict(p, &busy, 1, &at);
        width[k] = 2 * physical_quantile(.9) * (double)at.sd;
    }
}

static void tell_widths(struct job *j, const double *before,
                        const double *after)
{
    struct labels *meta = &j->file.meta;

    for (int k = 0; k < LOADS; k++) {
        char *key = xasprintf("width90_w.%s", LOAD_NAMES[k]);

        calibrations_set(meta, j->nth, key, "%.3f %.3f", before[k], after[k]);
        free(key);
    }
    if (j->used)
        log_note("%zu of %zu rows with watts used, %zu had none, %zu are for "
                 "tests",
                 j->used, j->rows.n, j->rows.n_unlabelled, j->rows.n_test);
    log_note("90 %% interval at idle %.1f, was %.1f W wide; at half load %.1f, "
             "was %.1f W; at full load %.1f, was %.1f W",
             after[0], before[0], after[1], before[1], after[2], before[2]);
}

/* What it was calibrated by; nothing of when, so that bytes are the same. */
static void describe_evidence(struct job *j)
{
    const struct options *o = j->o;
    struct labels *meta = &j->file.meta;
    char *origin = strings_join(&j->rows.origin, " | ");

    calibrations_set(meta, j->nth, "model_sha256", "%s", j->file.sha256);
    calibrations_set(meta, j->nth, "cpus", "%g", j->model.n_cpus);
    if (j->used) {
        calibrations_set(meta, j->nth, "rows", "%zu", j->used);
        calibrations_set(meta, j->nth, "rows_measured", "%zu", j->rows.n);
        calibrations_set(meta, j->nth, "sha256", "%s", j->rows_hash);
    }
    if (j->used && o->same)
        calibrations_set(meta, j->nth, "same_recording", "yes");
    for (int a = 0; a < WATTAGES; a++)
        if (o->known[a].text)
            calibrations_set(meta, j->nth, o->known[a].name, "%.9g W +- %g %%",
                             o->known[a].watts, 100 * o->known[a].error);
    if (o->guest_cpus > 0)
        calibrations_set(meta, j->nth, "share", "%g/%g", o->guest_cpus,
                         o->cpus);
    if (*origin)
        calibrations_set(meta, j->nth, "provenance", "%s", origin);
    labels_set(meta, "program", "rapl-calibrate " RAPL_VERSION);
    free(origin);
}

/* This machine's processor is one that the model knows from now on. */
static void learn_processor(struct job *j, const struct measured *m)
{
    struct labels *meta = &j->file.meta;
    const char *known = labels_get(meta, CHECKPOINT_CPU_MODELS);

    if (!m->cpu_model)
        return;
    calibrations_set(meta, j->nth, "cpu_model", "%s", m->cpu_model);
    if (known && !cpu_check_knows(known, m->cpu_model))
        labels_setf(meta, CHECKPOINT_CPU_MODELS, "%s, %s", known, m->cpu_model);
}

static int write_model(struct job *j, struct err *e)
{
    const struct options *o = j->o;

    describe_evidence(j);
    learn_processor(j, &j->rows);
    for (int a = 0; a < WATTAGES; a++)
        learn_processor(j, &j->recorded[a]);
    if (o->guest_cpus > 0)
        j->model.share = o->guest_cpus / o->cpus;
    physical_to_checkpoint(&j->model, j->store, &j->file);
    return checkpoint_write(&j->file, o->common.output, e);
}

/* ---- the program ---- */

static int run(struct job *j, struct options *o, char **paths, int n,
               struct err *e)
{
    double before[LOADS], after[LOADS];

    if (load_model(j, paths[0], e) < 0 || check_output(o, paths, n, e) < 0 ||
        read_all(j, paths + 1, n - 1, e) < 0 || place(j, o, e) < 0)
        return -1;
    widths(&j->model, before);
    if (calibrate(j, o, e) < 0)
        return -1;
    widths(&j->model, after);
    tell_widths(j, before, after);
    return write_model(j, e);
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT,
                        .known = {{.name = "idle"}, {.name = "full"}},
                        .anchor_error = "5%"};
    struct opt opts[] = {
        {OPT_STRING, 0, "idle", &o.known[WATTAGE_IDLE].text, "WATTS|FILE",
         "drawn at settled idle: 21W, or windows of it", 0, 0, 0, 0},
        {OPT_STRING, 0, "full", &o.known[WATTAGE_FULL].text, "WATTS|FILE",
         "drawn with all CPUs busy", 0, 0, 0, 0},
        {OPT_STRING, 0, "anchor-error", &o.anchor_error, "SHARE",
         "how far off these watts may be (default 5%)", 0, 0, 0, 0},
        {OPT_INT, 0, "cpus", &o.own_cpus, "N",
         "CPUs of that machine (default: its windows tell)", 1, 1e6, 0, 0},
        {OPT_STRING, 0, "share", &o.share, "G/H",
         "for a guest with G of the host's H CPUs", 0, 0, 0, 0},
        {OPT_INT, 0, "host-cpus", &o.host_cpus, "H",
         "the same, G being what the windows say", 1, 1e6, 0, 0},
        {OPT_FLAG, 0, "same-recording", &o.same, 0,
         "what will be predicted is this recording", 0, 0, 0, 0},
        {OPT_DURATION, 0, "first", &o.first_ns, "TIME",
         "take only the first TIME of each run", 0, 0, 0, 0},
        {OPT_INT, 0, "rows", &o.rows, "N",
         "at most N, evenly over load (default: 60)", 1, 1e9, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "take a stream that was cut off", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {.name = "rapl-calibrate",
                      .usage = "[OPTIONS] MODEL [FILE...]",
                      .about = "Fit a physical model to this machine.",
                      .examples = EXAMPLES,
                      .opts = opts};
    struct job j = {.o = &o};
    struct err e = {0};
    int first = cli_parse(&cli, argc, argv, &o.common), rc = -1;
    int64_t rows;

    if (first == argc)
        cli_usage_error("no model: name a checkpoint");
    if (take_options(&o, &cli, &e) == 0)
        rc = run(&j, &o, argv + first, argc - first, &e);
    if (rc < 0)
        log_error("%s", e.msg);
    rows = (int64_t)j.rows.n_read;
    release(&j);
    return cli_finish(rc < 0 ? (int)e.code : 0, rows, -1);
}
