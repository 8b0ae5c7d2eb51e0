#include "common/recorder/ledger.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

enum {
    LATE_SHARE = 10,    /* late: by more than interval / LATE_SHARE */
    MOST_QUANTA = 1024, /* in a trailer, which has room for 4096 facts */
    MOST_LINES = 32,
};

/* ---- counting ---- */

void ledger_init(struct ledger *l, const struct channels *channels,
                 int64_t interval_ns)
{
    *l = (struct ledger){.channels = channels, .interval_ns = interval_ns};
    l->quantum = xcalloc(channels->n, sizeof *l->quantum);
    ledger_spent(l);
    l->cpu_from_ns = l->cpu_ns;
    l->voluntary_from = l->voluntary;
    l->involuntary_from = l->involuntary;
    l->faults_from = l->faults;
    l->cpu_ns = l->voluntary = l->involuntary = l->faults = 0;
}

void ledger_spent(struct ledger *l)
{
    struct rusage ru;

    getrusage(RUSAGE_SELF, &ru);
    l->cpu_ns = clock_cpu_ns() - l->cpu_from_ns;
    l->voluntary = ru.ru_nvcsw - l->voluntary_from;
    l->involuntary = ru.ru_nivcsw - l->involuntary_from;
    l->faults = ru.ru_minflt + ru.ru_majflt - l->faults_from;
}

/* 0 for less than 1 us, 1 for less than 2, 2 for less than 4, ... */
static int late_bin(int64_t late_ns)
{
    int bin = 0;

    for (int64_t us = late_ns / NS_PER_US; us > 0 && bin < LATE_BINS - 1;
         us >>= 1)
        bin++;
    return bin;
}

void ledger_tick(struct ledger *l, int64_t late_ns, int64_t missed)
{
    l->missed += (uint64_t)missed;
    l->late += late_ns > l->interval_ns / LATE_SHARE;
    l->waited++;
    l->bin[late_bin(late_ns)]++;
    l->late_sum += (double)late_ns;
    l->late_squares += (double)late_ns * (double)late_ns;
    if (late_ns > l->late_max_ns)
        l->late_max_ns = late_ns;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* By how much, whichever way; a counter that wrapped has come on. */
static uint64_t change(const struct channel *c, uint64_t before, uint64_t now)
{
    if (now >= before)
        return now - before;
    return c->kind == CHANNEL_COUNTER && c->wrap > before
               ? c->wrap - before + now
               : before - now;
}

static void count_change(struct quantum *q, uint64_t by)
{
    if (by == 0)
        return;
    q->moved++;
    q->sum += (double)by;
    if (q->step != 1 && by != q->step)
        q->step = common_divisor(by, q->step);
}

void ledger_row(struct ledger *l, const uint64_t *before, const uint64_t *now,
                int64_t read_ns)
{
    l->rows++;
    l->read_sum_ns += read_ns;
    if (read_ns > l->read_max_ns)
        l->read_max_ns = read_ns;
    if (!before)
        return;
    l->pairs++;
    for (size_t c = 0; c < l->channels->n; c++)
        count_change(&l->quantum[c],
                     change(&l->channels->at[c], before[c], now[c]));
}

void ledger_restart(struct ledger *l)
{
    struct ledger next = {.channels = l->channels,
                          .interval_ns = l->interval_ns,
                          .quantum = l->quantum,
                          .cpu_from_ns = l->cpu_from_ns + l->cpu_ns,
                          .voluntary_from = l->voluntary_from + l->voluntary,
                          .involuntary_from =
                              l->involuntary_from + l->involuntary,
                          .faults_from = l->faults_from + l->faults};

    memset(l->quantum, 0, l->channels->n * sizeof *l->quantum);
    *l = next;
}

void ledger_add(struct ledger *l, const struct ledger *part)
{
    l->rows += part->rows;
    l->pairs += part->pairs;
    l->missed += part->missed;
    l->late += part->late;
    l->waited += part->waited;
    for (int i = 0; i < LATE_BINS; i++)
        l->bin[i] += part->bin[i];
    l->late_sum += part->late_sum;
    l->late_squares += part->late_squares;
    if (part->late_max_ns > l->late_max_ns)
        l->late_max_ns = part->late_max_ns;
    l->read_sum_ns += part->read_sum_ns;
    if (part->read_max_ns > l->read_max_ns)
        l->read_max_ns = part->read_max_ns;
    for (size_t c = 0; c < l->channels->n; c++) {
        l->quantum[c].moved += part->quantum[c].moved;
        l->quantum[c].sum += part->quantum[c].sum;
        l->quantum[c].step =
            common_divisor(l->quantum[c].step, part->quantum[c].step);
    }
    l->cpu_ns += part->cpu_ns;
    l->voluntary += part->voluntary;
    l->involuntary += part->involuntary;
    l->faults += part->faults;
    l->bytes += part->bytes;
}

void ledger_release(struct ledger *l)
{
    free(l->quantum);
    *l = (struct ledger){0};
}

/* ---- telling ---- */

static double ratio(double a, uint64_t n)
{
    return n ? a / (double)n : 0;
}

static double late_sd(const struct ledger *l)
{
    double mean = ratio(l->late_sum, l->waited);
    double variance = ratio(l->late_squares, l->waited) - mean * mean;

    return variance > 0 ? sqrt(variance) : 0;
}

/* "8us:12 16us:580 more:1": ticks that were late by less than that. */
static void put_bins(const struct ledger *l, struct labels *facts)
{
    char text[LATE_BINS * 32] = "";
    size_t at = 0;

    for (int i = 0; i < LATE_BINS; i++) {
        const char *blank = at ? " " : "";

        if (l->bin[i] == 0)
            continue;
        at +=
            (size_t)(i < LATE_BINS - 1
                         ? snprintf(text + at, sizeof text - at,
                                    "%s%dus:%" PRIu64, blank, 1 << i, l->bin[i])
                         : snprintf(text + at, sizeof text - at,
                                    "%smore:%" PRIu64, blank, l->bin[i]));
    }
    labels_set(facts, "ledger.late_histogram", text);
}

static void put_quantum(const struct ledger *l, size_t c, struct labels *facts)
{
    const struct quantum *q = &l->quantum[c];
    char *key = xasprintf("ledger.quantum.%s", l->channels->at[c].name);

    labels_setf(facts, key, "step=%" PRIu64 " mean=%.6g moved=%.4f", q->step,
                ratio(q->sum, l->pairs), ratio((double)q->moved, l->pairs));
    free(key);
}

void ledger_facts(const struct ledger *l, struct labels *facts)
{
    labels_setf(facts, "ledger.rows", "%" PRIu64, l->rows);
    labels_setf(facts, "ledger.ticks_missed", "%" PRIu64, l->missed);
    labels_setf(facts, "ledger.ticks_late", "%" PRIu64, l->late);
    labels_setf(facts, "ledger.late_mean_ns", "%.0f",
                ratio(l->late_sum, l->waited));
    labels_setf(facts, "ledger.late_sd_ns", "%.0f", late_sd(l));
    labels_setf(facts, "ledger.late_max_ns", "%" PRId64, l->late_max_ns);
    put_bins(l, facts);
    labels_setf(facts, "ledger.read_mean_ns", "%.0f",
                ratio((double)l->read_sum_ns, l->rows));
    labels_setf(facts, "ledger.read_max_ns", "%" PRId64, l->read_max_ns);
    labels_setf(facts, "ledger.cpu_ns", "%" PRId64, l->cpu_ns);
    labels_setf(facts, "ledger.switches_voluntary", "%" PRId64, l->voluntary);
    labels_setf(facts, "ledger.switches_involuntary", "%" PRId64,
                l->involuntary);
    labels_setf(facts, "ledger.page_faults", "%" PRId64, l->faults);
    labels_setf(facts, "ledger.bytes", "%" PRIu64, l->bytes);
    for (size_t c = 0; c < l->channels->n && c < MOST_QUANTA; c++)
        if (l->channels->at[c].kind == CHANNEL_COUNTER)
            put_quantum(l, c, facts);
}

static void add_line(struct strings *lines, char *line)
{
    strings_add(lines, line);
    free(line);
}

static char *quantum_line(const struct ledger *l, size_t c)
{
    const struct channel *ch = &l->channels->at[c];
    const struct quantum *q = &l->quantum[c];
    bool plain = strcmp(ch->unit, "1") == 0;

    if (q->moved == 0)
        return xasprintf("%s: never moved", ch->name);
    return xasprintf("%s: steps of %" PRIu64
                     "%s%s, which is %.4g %% of its mean from row "
                     "to row; moved in %.1f %% of rows",
                     ch->name, q->step, plain ? "" : " ", plain ? "" : ch->unit,
                     100 * (double)q->step / ratio(q->sum, l->pairs),
                     100 * ratio((double)q->moved, l->pairs));
}

void ledger_lines(const struct ledger *l, struct strings *lines)
{
    add_line(lines, xasprintf("%" PRIu64 " rows, %" PRIu64 " ticks missed, "
                              "%" PRIu64 " late by over a tenth",
                              l->rows, l->missed, l->late));
    add_line(lines, xasprintf("woken %.1f us late, s.d. %.1f us, at most %.1f "
                              "us",
                              ratio(l->late_sum, l->waited) / 1e3,
                              late_sd(l) / 1e3, (double)l->late_max_ns / 1e3));
    add_line(lines,
             xasprintf("a row costs %.1f us CPU, %.2f + %.2f context switches "
                       "(own and forced), %.1f bytes; it is read in %.1f us, "
                       "at most %.1f",
                       ratio((double)l->cpu_ns, l->rows) / 1e3,
                       ratio((double)l->voluntary, l->rows),
                       ratio((double)l->involuntary, l->rows),
                       ratio((double)l->bytes, l->rows),
                       ratio((double)l->read_sum_ns, l->rows) / 1e3,
                       (double)l->read_max_ns / 1e3));
    for (size_t c = 0; c < l->channels->n && c < MOST_LINES; c++)
        if (l->channels->at[c].kind == CHANNEL_COUNTER)
            add_line(lines, quantum_line(l, c));
}
