/*
 * What a physical model takes: to fit to 300,000 rows, to predict ten million,
 * and to be calibrated by a minute of other work.  CPU time of one core, the
 * least of some repetitions.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/physical/sweep.h"

enum {
    ROWS = 300000,
    RECORDINGS = 400,
    WORKLOADS = 9,
    SESSIONS = 15,
    CPUS = 24,
    MINUTE = 60,
    REPEAT = 5,
};

struct recorded {
    float *busy, *watts;
    uint32_t *workload, *session, *recording;
};

/* Recordings that idle, use one CPU, then some. */
static struct recorded record(void)
{
    struct recorded r = {
        xcalloc(ROWS, sizeof *r.busy), xcalloc(ROWS, sizeof *r.watts),
        xcalloc(ROWS, sizeof *r.workload), xcalloc(ROWS, sizeof *r.session),
        xcalloc(ROWS, sizeof *r.recording)};
    struct rng rng;

    rng_init(&rng, 1, 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t recording = i / (ROWS / RECORDINGS);
        double b = i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : rng_uniform(&rng, 0, CPUS);

        r.recording[i] = recording;
        r.workload[i] = recording % WORKLOADS;
        r.session[i] = recording % SESSIONS;
        r.busy[i] = (float)b;
        r.watts[i] = (float)(2 + (10 + recording % 5) * fmin(b, 1) +
                             20 * (1 - exp(-b / 4)) + rng_uniform(&rng, -1, 1));
    }
    return r;
}

static void row(const char *what, const char *promise, double measured,
                const char *unit, int kept)
{
    printf("%s\t%s\t%.2f %s\t%s\n", what, promise, measured, unit,
           kept ? "ok" : "no");
}

static double fit(const struct recorded *r, struct physical *p)
{
    struct physical_rows rows = {ROWS,        r->busy,    r->watts,
                                 r->workload, r->session, r->recording};
    double least = HUGE_VAL;
    struct err e;

    for (int i = 0; i < REPEAT; i++) {
        int64_t start = clock_cpu_ns();

        if (physical_fit(p, &rows, CPUS, &e)) {
            fprintf(stderr, "bench-physical: %s\n", e.msg);
            exit(4);
        }
        least = fmin(least, (double)(clock_cpu_ns() - start) / 1e9);
    }
    return least;
}

/* Millions of rows in a second. */
static double predict(const struct recorded *r, const struct physical *p)
{
    enum { AT_ONCE = 512, TIMES = 10000000 / ROWS };
    static struct physical_prediction said[AT_ONCE];
    double least = HUGE_VAL;

    for (int i = 0; i < REPEAT; i++) {
        int64_t start = clock_cpu_ns();

        for (int k = 0; k < TIMES; k++)
            for (size_t at = 0; at + AT_ONCE <= ROWS; at += AT_ONCE)
                physical_predict(p, r->busy + at, AT_ONCE, said);
        least = fmin(least, (double)(clock_cpu_ns() - start));
    }
    return (double)TIMES * (ROWS / AT_ONCE * AT_ONCE) / least * 1e3;
}

static double calibrate(const struct recorded *r, const struct physical *p)
{
    struct sweep rows = {MINUTE, r->busy, r->watts, r->workload, 1};
    double least = HUGE_VAL;
    struct err e;

    for (int i = 0; i < REPEAT; i++) {
        struct physical here = *p;
        int64_t start = clock_cpu_ns();
        size_t used;

        if (sweep_calibrate(&here, &rows, MINUTE, &used, &e)) {
            fprintf(stderr, "bench-physical: %s\n", e.msg);
            exit(4);
        }
        least = fmin(least, (double)(clock_cpu_ns() - start) / 1e6);
    }
    return least;
}

int main(void)
{
    struct recorded r = record();
    struct physical p;
    double s = fit(&r, &p), rate = predict(&r, &p), ms = calibrate(&r, &p);

    row("physical: fit to 300 k rows", "2 s", s, "s", s <= 2);
    row("physical: predict", "10 M rows/s a core", rate, "M/s", rate >= 10);
    row("physical: calibrate by a minute", "10 ms", ms, "ms", ms <= 10);
    free(r.busy);
    free(r.watts);
    free(r.workload);
    free(r.session);
    free(r.recording);
    return 0;
}
