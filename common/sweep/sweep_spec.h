#ifndef SWEEP_SWEEP_SPEC_H
#define SWEEP_SWEEP_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/labels.h"
#include "common/base/node.h"

/*
 * A sweep as its file describes it: parts, each of which makes runs.  What a
 * file may say stands in stress-sweep(1).
 */
enum {
    SWEEP_MAX_PARTS = 1000,
    SWEEP_MAX_STRESSORS = 32, /* of one part */
    SWEEP_MAX_LEVELS = 64,    /* of one stressor */
    SWEEP_MAX_WORKERS = 65536,
    SWEEP_MAX_RUNS = 100000,
    SWEEP_MAX_STEPS = 100000, /* of a pattern in a run */
    SWEEP_MAX_YEARS = 10,
};

struct sweep_times {
    int64_t cool_down_ns; /* before a run, not recorded */
    int64_t warm_up_ns;   /* recorded before the load */
    int64_t run_ns;       /* the load */
    int64_t ramp_down_ns; /* recorded behind it */
};

/* One stressor and the numbers of its workers, without duplicates. */
struct stressor {
    const char *name;       /* stress-ng's: "syscall" */
    const char *as;         /* in the names of runs: "sys" */
    struct strings options; /* words: "--syscall-method", "fast10" */
    unsigned level[SWEEP_MAX_LEVELS];
    unsigned n_levels;
};

enum part_kind { PART_COMBINE, PART_PATTERN, PART_IDLE, PART_PROGRAM };

enum idle_kind { IDLE_PLAIN, IDLE_LONG, IDLE_AFTER_LOAD, IDLE_TIMERS };

enum pattern_kind {
    PATTERN_RANDOM,
    PATTERN_SINE,
    PATTERN_BURST,
    PATTERN_BROWNIAN,
    PATTERN_STEPS,
    PATTERN_MIXED, /* each period another of those above */
};

/* The load over time, in percent of all workers. */
struct pattern {
    enum pattern_kind kind;
    double low, high;
    int64_t step_ns, period_ns;
};

struct sweep_part {
    enum part_kind kind;
    const char *name; /* of a pattern, an idle run, a program */
    struct sweep_times times;
    unsigned count; /* of such runs; of a combination: 1 */
    bool held_out;
    struct stressor stressor[SWEEP_MAX_STRESSORS];
    unsigned n_stressors;
    enum idle_kind idle;
    struct pattern pattern;
    const char *command;  /* PART_PROGRAM, for sh */
    struct strings needs; /* programs that the command starts */
};

struct sweep_spec {
    const char *name, *signals, *energy;
    int64_t interval_ns;
    bool require_energy, shuffled;
    uint64_t seed;
    int64_t attempts; /* of a run that goes wrong */
    int64_t reserve;  /* bytes of disk that stay free */
    unsigned cpus;    /* N */
    struct sweep_part *part;
    size_t n_parts;
};

/*
 * Take what the tree says, for a machine of `cpus` CPUs; the texts are the
 * tree's.  Returns 0, or -1 with e filled (ERR_DATA); *s is to be released in
 * either case.
 */
int sweep_spec_read(struct sweep_spec *s, const struct node *root,
                    unsigned cpus, struct err *e);
void sweep_spec_release(struct sweep_spec *s);

/* Workers: "4", "N", "N/4", "3N/4", "2N", rounded down.  0 or -1, no words. */
int workers_parse(const char *text, unsigned cpus, unsigned *workers);

const char *part_kind_name(enum part_kind kind);
const char *pattern_kind_name(enum pattern_kind kind);

#endif
