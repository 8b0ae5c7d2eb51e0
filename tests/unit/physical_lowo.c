/*
 * The physical model on real recordings, each workload left out in turn.
 *
 * A recording is a log; a workload is a folder; a session is a chain of logs of
 * one JVM, each of which begins within 30 s of another's end.  The logs are not
 * in the tree: without them this skips.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/physical/physical.h"
#include "formats/logfile.h"

enum { LOGS = 512, ROWS = 400000, CPUS = 24, FIVE_MINUTES = 300, SWEEP = 60 };

struct log {
    char path[512];
    size_t first, n; /* rows */
    int64_t begin_s, end_s;
    uint32_t workload, session;
};

struct data {
    struct log log[LOGS];
    size_t n_logs, n;
    uint32_t n_workloads, n_sessions;
    float busy[ROWS], watts[ROWS];
    uint32_t workload[ROWS], session[ROWS], recording[ROWS];
};

static double cell(const struct log_row *row, int channel)
{
    double value;

    memcpy(&value, &row->cells[channel], sizeof value);
    return value;
}

static void read_log(struct data *d, struct log *l)
{
    struct logfile *f;
    struct log_row row;
    struct err e;
    int idle, iowait, watts;

    assert_int_equal(logfile_open(&f, l->path, LOGFILE_POWERSTAT, NULL, 0, &e),
                     0);
    idle = channels_find(logfile_channels(f), "cpu.idle");
    iowait = channels_find(logfile_channels(f), "cpu.iowait");
    watts = channels_find(logfile_channels(f), "power:package-0");
    l->first = d->n;
    while (logfile_next(f, &row, &e) == 1) {
        if (row.why)
            continue;
        assert_true(d->n < ROWS);
        d->busy[d->n] =
            (float)(CPUS * (100 - cell(&row, idle) - cell(&row, iowait)) / 100);
        d->watts[d->n++] = (float)cell(&row, watts);
        l->end_s = row.t_ns / 1000000000;
        if (d->n - 1 == l->first)
            l->begin_s = l->end_s;
    }
    l->n = d->n - l->first;
    logfile_close(f);
}

/* "eclipse-openj9-vm": a log's name up to its phase. */
static size_t jvm(const char *path, const char **name)
{
    const char *phase;

    *name = strrchr(path, '/') + 1;
    phase = strstr(*name, "-run-");
    phase = phase ? phase : strstr(*name, "-build-");
    return phase ? (size_t)(phase - *name) : strlen(*name);
}

/* Does b begin where a ends?  The clock of a log has no date. */
static bool follows(const struct log *a, const struct log *b)
{
    const char *name[2];
    size_t len[2] = {jvm(a->path, &name[0]), jvm(b->path, &name[1])};
    int64_t gap = ((b->begin_s - a->end_s) % 86400 + 86400) % 86400;

    return len[0] == len[1] && memcmp(name[0], name[1], len[0]) == 0 &&
           gap <= 30;
}

/* Logs that follow one another have one session: the least of their numbers. */
static void find_sessions(struct data *d)
{
    bool changed = true;

    for (size_t i = 0; i < d->n_logs; i++)
        d->log[i].session = (uint32_t)i;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < d->n_logs; i++) {
            for (size_t k = 0; k < d->n_logs; k++) {
                struct log *a = &d->log[i], *b = &d->log[k];

                if (a->session != b->session && follows(a, b)) {
                    a->session = b->session =
                        a->session < b->session ? a->session : b->session;
                    changed = true;
                }
            }
        }
    }
}

/* Numbers 0, 1, ... for rows. */
static void number_rows(struct data *d)
{
    uint32_t number[LOGS];

    for (size_t i = 0; i < d->n_logs; i++) {
        struct log *l = &d->log[i];

        if (l->session == i)
            number[i] = d->n_sessions++;
        l->session = number[l->session];
        for (size_t k = l->first; k < l->first + l->n; k++) {
            d->workload[k] = l->workload;
            d->session[k] = l->session;
            d->recording[k] = (uint32_t)i;
        }
    }
}

static struct data *load(const char *pattern)
{
    struct data *d = NULL;
    glob_t paths;

    if (glob(pattern, 0, NULL, &paths))
        return NULL;
    d = xcalloc(1, sizeof *d);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        struct log *l = &d->log[d->n_logs];

        assert_true(d->n_logs < LOGS);
        snprintf(l->path, sizeof l->path, "%s", paths.gl_pathv[i]);
        read_log(d, l);
        if (l->n == 0)
            continue;
        if (d->n_logs && strncmp(l->path, l[-1].path,
                                 (size_t)(strrchr(l->path, '/') - l->path)))
            d->n_workloads++;
        l->workload = d->n_workloads;
        d->n_logs++;
    }
    d->n_workloads++;
    globfree(&paths);
    find_sessions(d);
    number_rows(d);
    return d;
}

/* A score of predictions with weights; widths are of 90 % intervals. */
struct score {
    double n, y, y2, e2, absolute, covered, width;
};

static void score_rows(struct score *s, const struct physical *p,
                       const struct data *d, size_t first, size_t n, double w)
{
    double quantile = physical_quantile(.9);

    for (size_t i = first; i < first + n; i++) {
        struct physical_prediction at;
        double e, reach;

        physical_predict(p, &d->busy[i], 1, &at);
        e = at.watts - d->watts[i];
        reach = quantile * at.sd;
        s->n += w;
        s->y += w * d->watts[i];
        s->y2 += w * d->watts[i] * d->watts[i];
        s->e2 += w * e * e;
        s->absolute += w * fabs(e);
        s->covered += w * (fabs(e) <= reach);
        s->width += w * (at.watts + reach - fmax(at.watts - reach, 0));
    }
}

static double r2(const struct score *s)
{
    return 1 - s->e2 / (s->y2 - s->y * s->y / s->n);
}

static void fit_without(const struct data *d, uint32_t left_out,
                        struct physical *p)
{
    float *busy = xcalloc(d->n, sizeof *busy);
    float *watts = xcalloc(d->n, sizeof *watts);
    uint32_t *id = xcalloc(3 * d->n, sizeof *id);
    struct physical_rows rows = {0, busy, watts, id, id + d->n, id + 2 * d->n};
    struct err e;

    for (size_t i = 0; i < d->n; i++) {
        if (d->workload[i] == left_out)
            continue;
        busy[rows.n] = d->busy[i];
        watts[rows.n] = d->watts[i];
        id[rows.n] = d->workload[i];
        id[d->n + rows.n] = d->session[i];
        id[2 * d->n + rows.n++] = d->recording[i];
    }
    assert_int_equal(physical_fit(p, &rows, CPUS, &e), 0);
    free(busy);
    free(watts);
    free(id);
}

/*
 * 60 rows of a workload in a session, in equal parts from each load that is
 * there; returns how many there were.
 */
static size_t sweep(const struct data *d, uint32_t workload, uint32_t session,
                    float *busy, float *watts)
{
    uint32_t *row = xcalloc(d->n, sizeof *row);
    size_t n = 0, taken = 0, before;
    struct rng r;

    for (uint32_t i = 0; i < d->n; i++)
        if (d->workload[i] == workload && d->session[i] == session)
            row[n++] = i;
    rng_init(&r, 1, 0);
    rng_shuffle(&r, row, n);
    do {
        before = taken;
        for (int bin = 0; bin < BASIS_BINS && taken < SWEEP; bin++) {
            size_t i = 0;

            while (i < n && basis_bin(d->busy[row[i]], CPUS) != bin)
                i++;
            if (i == n)
                continue;
            busy[taken] = d->busy[row[i]];
            watts[taken++] = d->watts[row[i]];
            row[i] = row[--n];
        }
    } while (taken > before && taken < SWEEP);
    free(row);
    return taken;
}

/* What is calibrated by each other workload of the log's session in turn. */
static void score_sweeps(struct score *s, const struct physical *p,
                         const struct data *d, const struct log *l)
{
    float busy[SWEEP], watts[SWEEP];
    struct physical calibrated[16];
    size_t n = 0;

    for (uint32_t w = 0; w < d->n_workloads && n < 16; w++) {
        size_t rows =
            w == l->workload ? 0 : sweep(d, w, l->session, busy, watts);
        struct err e;

        calibrated[n] = *p;
        if (rows)
            n += physical_calibrate(&calibrated[n], busy, watts, rows, false,
                                    &e) == 0;
    }
    for (size_t i = 0; i < n; i++)
        score_rows(s, &calibrated[i], d, l->first, l->n, 1 / (double)n);
}

static void score_same(struct score *s, const struct physical *p,
                       const struct data *d, const struct log *l)
{
    struct physical same = *p;
    struct err e;

    if (l->n <= FIVE_MINUTES + 100)
        return;
    assert_int_equal(physical_calibrate(&same, d->busy + l->first,
                                        d->watts + l->first, FIVE_MINUTES, true,
                                        &e),
                     0);
    score_rows(s, &same, d, l->first + FIVE_MINUTES, l->n - FIVE_MINUTES, 1);
}

static void print_score(const char *name, const struct score *s)
{
    print_message("# %s: %.0f rows, R2 %.3f, MAE %.2f W, 90 %% intervals cover "
                  "%.3f, %.1f W wide\n",
                  name, s->n, r2(s), s->absolute / s->n, s->covered / s->n,
                  s->width / s->n);
}

static void workloads_left_out(void **state)
{
    struct data *d = load("../shared/data/jvm-powerstat/*/*.txt");
    struct score zero = {0}, swept = {0}, same = {0};

    (void)state;
    if (!d) {
        fprintf(stderr, "# SKIPPED: no recorded logs beside the checkout\n");
        return;
    }
    for (uint32_t w = 0; w < d->n_workloads; w++) {
        struct physical p;

        fit_without(d, w, &p);
        for (size_t i = 0; i < d->n_logs; i++) {
            if (d->log[i].workload != w)
                continue;
            score_rows(&zero, &p, d, d->log[i].first, d->log[i].n, 1);
            score_sweeps(&swept, &p, d, &d->log[i]);
            score_same(&same, &p, d, &d->log[i]);
        }
    }
    print_score("nothing known", &zero);
    print_score("a sweep of another workload", &swept);
    print_score("five minutes of the recording", &same);
    assert_true(zero.covered / zero.n >= .88);
    assert_true(swept.absolute < .65 * zero.absolute);
    assert_true(swept.covered / swept.n >= .88);
    assert_true(r2(&same) >= .9 && same.absolute / same.n <= 1.1);
    assert_true(same.covered / same.n >= .88);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(workloads_left_out)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
