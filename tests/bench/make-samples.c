/*
 * make-samples: a synthetic sample stream, for benchmarks and tests.
 *
 *     make-samples ROWS [KEY=VALUE...] [@NAME=VALUE...] >samples.rapl
 *
 * A machine of 20 CPUs whose load follows a slow wave with noise, read every
 * interval; counters as the kernel's, watts as a line of the load.  KEY=VALUE
 * sets metadata of the segment.  The rest starts with @:
 *
 *     @interval=MS   time between readings (16)
 *     @seed=N        of the noise (1)
 *     @every=N       of the readings, keep each Nth only (1)
 *     @gap=ROW       miss 10 readings before that row
 *     @reset=ROW     all counters start from nothing at that row
 *     @energy=0      no energy counter, as in a guest
 *     @gauges=1      rates and percentages, as in an imported log
 *     @wrap=UJ       modulus of the energy counter
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/pack.h"
#include "common/base/rng.h"
#include "formats/sample.h"

enum { N_CPUS = 20, HZ = 100, N_FIELDS = 8 };

struct machine {
    int64_t t_ns;
    double ticks[N_FIELDS], ctxt, intr, forks, energy_uj;
    double share[N_FIELDS], ctxt_s, intr_s, forks_s, power_w;
    uint64_t running;
};

static const char *const field[N_FIELDS] = {
    "cpu.user",   "cpu.nice", "cpu.system",  "cpu.idle",
    "cpu.iowait", "cpu.irq",  "cpu.softirq", "cpu.steal"};

/* One reading later. */
static void advance(struct machine *m, struct rng *rng, int64_t dt_ns)
{
    double dt = (double)dt_ns / NS_PER_S, wave;

    m->t_ns += dt_ns;
    wave = .5 + .4 * sin((double)m->t_ns / NS_PER_S / 20);
    m->share[0] = wave * rng_uniform(rng, .7, .9);
    m->share[1] = .001;
    m->share[2] = wave * .1;
    m->share[4] = rng_uniform(rng, 0, .02);
    m->share[5] = m->share[6] = .002;
    m->share[7] = 0;
    m->share[3] = 1;
    for (int i = 0; i < N_FIELDS; i++)
        m->share[3] -= i == 3 ? 0 : m->share[i];
    for (int i = 0; i < N_FIELDS; i++)
        m->ticks[i] += m->share[i] * N_CPUS * HZ * dt;
    m->ctxt_s = floor(wave * rng_uniform(rng, 5000, 20000));
    m->intr_s = floor(wave * 9000);
    m->forks_s = 3;
    m->ctxt += m->ctxt_s * dt;
    m->intr += m->intr_s * dt;
    m->forks += m->forks_s * dt;
    m->running = (uint64_t)(wave * N_CPUS);
    m->power_w = 25 + 60 * m->share[0] + 40 * m->share[2];
    m->energy_uj += m->power_w * 1e6 * dt;
}

static void reset(struct machine *m)
{
    memset(m->ticks, 0, sizeof m->ticks);
    m->ctxt = m->intr = m->forks = 0;
}

static void header(struct stream_header *h, bool gauges, bool energy,
                   uint64_t wrap)
{
    enum channel_type type = gauges ? CHANNEL_F64 : CHANNEL_U64;
    enum channel_kind kind = gauges ? CHANNEL_GAUGE : CHANNEL_COUNTER;
    const char *rate = gauges ? "1/s" : "1";

    h->kind = STREAM_SAMPLE;
    for (int i = 0; i < N_FIELDS; i++)
        channels_add(&h->channels, field[i], gauges ? "%" : "tick", type, kind,
                     0);
    channels_add(&h->channels, "ctxt", rate, type, kind, 0);
    channels_add(&h->channels, "intr", rate, type, kind, 0);
    channels_add(&h->channels, "forks", rate, type, kind, 0);
    channels_add(&h->channels, "procs_running", "1", CHANNEL_U64, CHANNEL_GAUGE,
                 0);
    if (energy && gauges)
        channels_add(&h->channels, "power:package-0", "W", type, kind, 0);
    else if (energy)
        channels_add(&h->channels, "energy:package-0", "uJ", type, kind, wrap);
}

static void cells(const struct machine *m, bool gauges, uint64_t wrap,
                  uint64_t *out)
{
    for (int i = 0; i < N_FIELDS; i++)
        *out++ =
            gauges ? bits_of_f64(100 * m->share[i]) : (uint64_t)m->ticks[i];
    *out++ = gauges ? bits_of_f64(m->ctxt_s) : (uint64_t)m->ctxt;
    *out++ = gauges ? bits_of_f64(m->intr_s) : (uint64_t)m->intr;
    *out++ = gauges ? bits_of_f64(m->forks_s) : (uint64_t)m->forks;
    *out++ = m->running;
    *out = gauges ? bits_of_f64(m->power_w)
                  : (uint64_t)fmod(m->energy_uj, (double)wrap);
}

struct wish {
    const char *name;
    uint64_t value;
};

enum { INTERVAL, SEED, EVERY, GAP, RESET, ENERGY, GAUGES, WRAP, N_WISHES };

static void take_argument(struct wish *wish, struct labels *meta, char *arg)
{
    char *equals = strchr(arg, '=');

    if (!equals)
        return;
    *equals = '\0';
    if (arg[0] != '@')
        labels_set(meta, arg, equals + 1);
    for (int i = 0; i < N_WISHES; i++)
        if (arg[0] == '@' && strcmp(arg + 1, wish[i].name) == 0)
            wish[i].value = strtoull(equals + 1, NULL, 10);
}

int main(int argc, char **argv)
{
    struct wish wish[] = {
        {"interval", 16}, {"seed", 1},   {"every", 1},  {"gap", 0},
        {"reset", 0},     {"energy", 1}, {"gauges", 0}, {"wrap", 262143328850}};
    uint64_t row[16], n = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    struct machine m = {.t_ns = 1700000000 * NS_PER_S, .energy_uj = 2e11};
    struct stream_header h = {0};
    struct stream_writer *w = NULL;
    struct rng rng;
    struct err e;
    int64_t dt_ns;
    int rc;

    log_init("make-samples", LOG_NORMAL);
    labels_setf(&h.meta, META_CPUS, "%d", N_CPUS);
    labels_setf(&h.meta, META_USER_HZ, "%d", HZ);
    for (int i = 2; i < argc; i++)
        take_argument(wish, &h.meta, argv[i]);
    dt_ns = (int64_t)wish[INTERVAL].value * NS_PER_MS;
    labels_setf(&h.meta, META_INTERVAL, "%lld",
                (long long)(dt_ns * (int64_t)wish[EVERY].value));
    header(&h, wish[GAUGES].value, wish[ENERGY].value, wish[WRAP].value);
    rng_init(&rng, wish[SEED].value, 0);
    rc = stream_writer_open(&w, NULL, 0, &e);
    if (rc == 0)
        rc = stream_writer_begin(w, &h, &e);
    for (uint64_t i = 0; i < n && rc == 0; i++) {
        for (int j = 0; i > 0 && i == wish[GAP].value && j < 10; j++)
            advance(&m, &rng, dt_ns);
        advance(&m, &rng, dt_ns);
        if (i > 0 && i == wish[RESET].value)
            reset(&m);
        if (i % wish[EVERY].value)
            continue;
        cells(&m, wish[GAUGES].value, wish[WRAP].value, row);
        rc = stream_writer_row(w, m.t_ns, row, &e);
    }
    if (rc < 0 || stream_writer_close(w, &e) < 0)
        die(&e);
    stream_header_release(&h);
    return 0;
}
