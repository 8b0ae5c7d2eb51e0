/*
 * Signals that are made of several channels: the clock by the frequency probe,
 * which is cycles by ticks times the ticks' rate; how the work is spread over
 * the CPUs, from the times of each.  Their channels are inputs as any others,
 * summed into bins first, so that the made signal is that of the whole bin.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/derive_parts.h"

static const struct signal probe_parts[] = {
    [PART_CYCLES] = {"freq.cycles", "cycle", 1, NULL, 0},
    [PART_TICKS] = {"freq.ticks", "tick", 1, NULL, 0},
    [PART_KHZ] = {"freq.khz", NULL, 0, "kHz", 1},
};

static const struct {
    const char *name;
    enum made_part part;
} cpu_parts[] = {
    {"user", PART_BUSY},   {"nice", PART_BUSY},    {"system", PART_BUSY},
    {"irq", PART_BUSY},    {"softirq", PART_BUSY}, {"idle", PART_REST},
    {"iowait", PART_REST}, {"steal", PART_REST},
};

static int add_probe(struct derive *d, const struct channels *cs, struct err *e)
{
    for (enum made_part i = PART_CYCLES; i <= PART_KHZ; i++) {
        int channel = channels_find(cs, probe_parts[i].channel);

        if (derive_add_input(d, cs, channel, PART, &probe_parts[i], e) < 0)
            return -1;
        d->inputs[d->n_inputs - 1].part = i;
    }
    d->has_clock = true;
    return 1;
}

/* Is every channel of the probe there? */
static bool has_probe(const struct channels *cs)
{
    for (enum made_part i = PART_CYCLES; i <= PART_KHZ; i++)
        if (channels_find(cs, probe_parts[i].channel) < 0)
            return false;
    return true;
}

/* "cpu12.idle": the length of "cpu12."; 0 for any other name. */
static size_t idle_of_cpu(const char *name)
{
    size_t digits =
        strncmp(name, "cpu", 3) == 0 ? strspn(name + 3, "0123456789") : 0;

    return digits > 0 && strcmp(name + 3 + digits, ".idle") == 0 ? digits + 4
                                                                 : 0;
}

/* The times of the CPU whose channels begin with the first n letters of name.
 */
static int add_cpu(struct derive *d, const struct channels *cs,
                   const char *name, size_t n, size_t cpu, struct err *e)
{
    static const struct signal ticks = {NULL, "tick", 1, NULL, 0};
    char field[64];

    for (size_t i = 0; i < sizeof cpu_parts / sizeof *cpu_parts; i++) {
        struct input *in;
        int channel;

        snprintf(field, sizeof field, "%.*s%s", (int)n, name,
                 cpu_parts[i].name);
        channel = channels_find(cs, field);
        if (channel < 0)
            continue;
        if (derive_add_input(d, cs, channel, PART, &ticks, e) < 0)
            return -1;
        in = &d->inputs[d->n_inputs - 1];
        in->part = cpu_parts[i].part;
        in->cpu = cpu;
        if (in->part == PART_REST)
            in->rule.slack = MAX_TICKS_BACK;
    }
    return 0;
}

static int add_cpus(struct derive *d, const struct channels *cs, struct err *e)
{
    size_t n_cpus = 0;

    for (size_t c = 0; c < cs->n && !d->has_cpus; c++) {
        size_t n = idle_of_cpu(cs->at[c].name);

        if (n > 0 && n < 32 &&
            add_cpu(d, cs, cs->at[c].name, n, n_cpus++, e) < 0)
            return -1;
    }
    d->has_cpus |= n_cpus > 0;
    return d->has_cpus;
}

int made_add(struct derive *d, const struct channels *cs, int signal,
             struct err *e)
{
    switch (signal) {
    case SIG_CPU_KHZ:
        return d->has_clock || !has_probe(cs) ? d->has_clock
                                              : add_probe(d, cs, e);
    case SIG_CPU_SPREAD:
    case SIG_CPU_BUSIEST:
        return add_cpus(d, cs, e);
    }
    return 0;
}

void made_room(struct derive *d, size_t n)
{
    for (int i = 0; i < N_MADE; i++)
        d->made[i] = xreallocarray(d->made[i], n, sizeof *d->made[i]);
}

/* Kilohertz; not finite, so that there is no row, where nothing was counted. */
static void make_clock(struct derive *d, size_t n)
{
    const double *of[PART_KHZ + 1] = {0};
    double *khz = d->made[MADE_KHZ];

    for (size_t k = 0; k < d->n_inputs; k++)
        if (d->inputs[k].signal == PART && d->inputs[k].part <= PART_KHZ)
            of[d->inputs[k].part] = d->inputs[k].col;
    for (size_t i = 0; i < n; i++)
        khz[i] = of[PART_KHZ][i] * of[PART_CYCLES][i] / of[PART_TICKS][i];
}

/* Count in a CPU, whose times are in MADE_BUSY and MADE_WHOLE. */
static void fold_cpu(struct derive *d, size_t n)
{
    double *busy = d->made[MADE_BUSY], *whole = d->made[MADE_WHOLE];
    double *sum = d->made[MADE_SUM], *squares = d->made[MADE_SPREAD];
    double *busiest = d->made[MADE_BUSIEST];

    for (size_t i = 0; i < n; i++) {
        double share = whole[i] > 0 ? busy[i] / whole[i] : 0;

        sum[i] += share;
        squares[i] += share * share;
        busiest[i] = fmax(busiest[i], share);
        busy[i] = whole[i] = 0;
    }
}

static void make_spread(struct derive *d, size_t n)
{
    double *spread = d->made[MADE_SPREAD], *sum = d->made[MADE_SUM];
    const struct input *last = NULL;

    for (int i = 0; i < N_MADE; i++)
        if (i != MADE_KHZ)
            memset(d->made[i], 0, n * sizeof *d->made[i]);
    for (size_t k = 0; k < d->n_inputs; k++) {
        const struct input *in = &d->inputs[k];

        if (in->signal != PART || in->part < PART_BUSY)
            continue;
        if (last && last->cpu != in->cpu)
            fold_cpu(d, n);
        for (size_t i = 0; i < n; i++) {
            d->made[MADE_WHOLE][i] += in->col[i];
            d->made[MADE_BUSY][i] += in->part == PART_BUSY ? in->col[i] : 0;
        }
        last = in;
    }
    fold_cpu(d, n);
    for (size_t i = 0; i < n; i++)
        spread[i] = spread[i] > 0 ? sum[i] * sum[i] / spread[i] : 0;
}

void made_compute(struct derive *d, size_t n, struct signals *s)
{
    if (d->has_clock) {
        make_clock(d, n);
        s->at[SIG_CPU_KHZ] = d->made[MADE_KHZ];
    }
    if (d->has_cpus) {
        make_spread(d, n);
        s->at[SIG_CPU_SPREAD] = d->made[MADE_SPREAD];
        s->at[SIG_CPU_BUSIEST] = d->made[MADE_BUSIEST];
    }
}

void made_free(struct derive *d)
{
    for (int i = 0; i < N_MADE; i++)
        free(d->made[i]);
}
