#ifndef RECORDER_LEDGER_H
#define RECORDER_LEDGER_H

#include "common/base/channel.h"
#include "common/base/labels.h"

/*
 * The observer's ledger: what a recorder cost the machine it recorded, how
 * punctual it was, and how finely each counter can be seen at its interval.
 * Counting allocates nothing.
 */
enum { LATE_BINS = 20 }; /* of lateness: below 1 us, 2, 4, ... 2^18 us, more */

/* What one channel did from row to row. */
struct quantum {
    uint64_t step;  /* greatest common divisor of its changes; 0: none yet */
    uint64_t moved; /* rows in which it changed */
    double sum;     /* of its changes, for its mean */
};

struct ledger {
    const struct channels *channels; /* borrowed */
    int64_t interval_ns;

    uint64_t rows, pairs;  /* pairs: rows that follow another */
    uint64_t missed, late; /* ticks; late: by over interval / 10 */
    uint64_t waited, bin[LATE_BINS];
    double late_sum, late_squares; /* ns */
    int64_t late_max_ns;
    int64_t read_sum_ns, read_max_ns; /* first counter of a row to the last */
    struct quantum *quantum;          /* one a channel */

    int64_t cpu_ns; /* since the start; by ledger_spent() */
    int64_t voluntary, involuntary, faults;
    uint64_t bytes; /* the caller's to set: of the stream, before its end */
    int64_t cpu_from_ns, voluntary_from, involuntary_from, faults_from;
};

/* Count from now. */
void ledger_init(struct ledger *l, const struct channels *channels,
                 int64_t interval_ns);

/* A tick came that late, after others that were missed altogether. */
void ledger_tick(struct ledger *l, int64_t late_ns, int64_t missed);

/* A row was read, in that time.  before: the row before it; NULL: none. */
void ledger_row(struct ledger *l, const uint64_t *before, const uint64_t *now,
                int64_t read_ns);

/* Ask the kernel what this process has spent since the start. */
void ledger_spent(struct ledger *l);

/* Count from here on again, what was spent since the last count included. */
void ledger_restart(struct ledger *l);

/* Count `part`, which came after, in; the channels must be the same. */
void ledger_add(struct ledger *l, const struct ledger *part);

/* As metadata, "ledger.*"; doc/format-sample.md says what each key means. */
void ledger_facts(const struct ledger *l, struct labels *facts);

/* As lines for people. */
void ledger_lines(const struct ledger *l, struct strings *lines);

void ledger_release(struct ledger *l);

#endif
