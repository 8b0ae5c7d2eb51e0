#ifndef PROBE_ENERGY_H
#define PROBE_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/channel.h"
#include "common/base/err.h"
#include "common/base/labels.h"
#include "common/probe/source.h"

/*
 * Where energy is read: backends, each in a file of its own behind one
 * interface, and what is made of them.  A backend finds its domains, the
 * counters that it has; each is read twice, some ms apart, before it is
 * believed.  The first backend with a domain that works serves.
 *
 * A domain is named as powercap names it: "package-0", "package-0-die-1",
 * "package-0/core", "package-0/uncore", "package-0/dram", "psys", "psys-1".
 * Packages (dies) are disjoint, and dram lies outside its package; core and
 * uncore lie inside, psys around them.  One counter under two names, or one
 * name twice, is recorded once.
 */
enum {
    ENERGY_MAX_DOMAINS = 1024,
    ENERGY_MAX_BACKENDS = 3,
    ENERGY_NAME_MAX = 64,
};

enum energy_state {
    ENERGY_GOOD,       /* can be read, and moves */
    ENERGY_STILL,      /* moves later perhaps: core, dram, ... at rest */
    ENERGY_STUCK,      /* does not move, though it is a package, or is 0 */
    ENERGY_IMPOSSIBLE, /* moves as no energy can, or is no number */
    ENERGY_MIRRORED,   /* shows what another shows */
    ENERGY_DENIED,     /* may not be read */
    ENERGY_LEFT_OUT,   /* not worth its cost */
};

struct energy_domain {
    char name[ENERGY_NAME_MAX];
    char *place;      /* file, event or register, for people */
    uint64_t wrap_uj; /* modulus; 0: none */
    enum energy_state state;
    char why[512];      /* where it is not good: one line, no name */
    const char *remedy; /* where it is denied: what grants it */
    bool shown;         /* it was read */
    uint64_t first_uj, uj;
    /* CLOCK_MONOTONIC, before and after each of those was read: a busy
     * machine may stop us in between. */
    int64_t first_asked_ns, first_ns, asked_ns, t_ns;
};

struct energy_domains {
    struct energy_domain *at;
    size_t n, cap;
};

/*
 * A counter's unit: uJ = count * mul / 2^shift, exact where the unit is a
 * power of two of a joule, as those of the hardware are.
 */
struct energy_unit {
    uint64_t mul; /* below 2^53 */
    unsigned shift;
};

/* From joules a count: 0, or -1 if no counter has such a unit. */
int energy_unit_of(struct energy_unit *u, double joules);
uint64_t energy_unit_uj(const struct energy_unit *u, uint64_t count);

/* uJ at which a counter of so many bits goes round; 0 if beyond 64 bits. */
uint64_t energy_unit_wrap(const struct energy_unit *u, unsigned bits);

struct energy_backend {
    const char *name; /* "powercap", as --energy calls it */
    bool absolute;    /* counts since the machine started, not since open() */
    bool opt_in;      /* not taken unless asked for */

    /* Find domains.  Returns 1; 0 where there are none, with the reason in e.
     * What may not be read is a domain too, ENERGY_DENIED. */
    int (*open)(void **state, const struct roots *roots,
                struct energy_domains *ds, struct err *e);

    /* Read domain i.  Domains of a sample are read in ascending order. */
    int (*read)(void *state, size_t i, uint64_t *uj, struct err *e);

    /* Domain i will not be read any more. */
    void (*drop)(void *state, size_t i);
    void (*close)(void *state); /* NULL is legal */
};

extern const struct energy_backend energy_powercap;
extern const struct energy_backend energy_perf;
extern const struct energy_backend energy_msr;

/* Append a domain, readable until its backend says otherwise. Returns NULL if
 * the name is none that a channel can have, or there are too many. */
struct energy_domain *energy_add(struct energy_domains *ds, const char *name,
                                 const char *place, uint64_t wrap_uj);

void energy_release(struct energy_domains *ds);

/* Judge: it is of no use, and why. */
void energy_judge(struct energy_domain *d, enum energy_state state,
                  const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What it drew while it was checked, in W; shown, and moved. */
double energy_watts(const struct energy_domain *d);

/* Is it a package or one of its dies?  Such are disjoint. */
bool energy_is_package(const char *name);

struct energy_part {
    const struct energy_backend *backend;
    void *state;
    struct energy_domains domains;
    bool looked, works;
    struct err why_not; /* where it does not serve */
};

struct energy {
    struct energy_part part[ENERGY_MAX_BACKENDS];
    size_t n_parts;
    bool by_name;                      /* one backend was asked for */
    const struct energy_part *serving; /* or NULL */
    size_t *used;                      /* which of its domains are recorded */
    size_t n_used;
};

/* What --energy takes. */
#define ENERGY_CHOICES "auto, powercap, perf, msr, none"

/*
 * Look for energy.  choice is one of ENERGY_CHOICES: "auto" takes the first
 * backend that works, a name that one alone, and then a domain that does not
 * move is recorded too.  survey: look at every backend all the same.  Channels
 * of the domains used are appended to cs, what people should be told to notes.
 * Returns 1; 0 if there is none, with the reason in e; -1 with e filled.
 */
int energy_open(struct energy *en, const struct roots *roots,
                const char *choice, bool survey, struct channels *cs,
                struct strings *notes, struct err *e);

/* Read a sample into n_used cells. */
int energy_read(struct energy *en, uint64_t *cells, struct err *e);
void energy_close(struct energy *en); /* also of a zeroed one */

/* Is domain i of the part recorded? */
bool energy_is_used(const struct energy *en, const struct energy_part *part,
                    size_t i);

/* Why a domain is never added to the others; NULL if it may be. */
const char *energy_overlap(const char *name);

/*
 * Metadata: energy_source; energy_disjoint, the domains recorded that may be
 * added up; energy_missing, those that are there and could not be recorded.
 */
void energy_describe(const struct energy *en, struct labels *meta);

/* A line on each backend: which serves, and why not the others. */
void energy_explain(const struct energy *en, struct strings *lines);

/* The longest interval at which no counter recorded can go round unseen, at
 * 2 kW; INT64_MAX if none can.  *d is the domain that sets it. */
int64_t energy_longest_ns(const struct energy *en,
                          const struct energy_domain **d);

#endif
