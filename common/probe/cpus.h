#ifndef PROBE_CPUS_H
#define PROBE_CPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/probe/source.h"

/* Which processors there are, and where in the machine each is. */

enum { CPUS_MAX = 65536 };

struct cpu_place {
    int cpu;          /* logical CPU */
    int package, die; /* -1: not said */
    int core;
};

/* The CPUs of a list such as "0-3,8" on the heap; returns how many, 0 if it is
 * no list, and no more than CPUS_MAX. */
size_t cpus_parse(const char *list, int **cpus);

/* The same of a file below /sys.  0 if there is none. */
size_t cpus_read(const struct roots *roots, const char *file, int **cpus);

/* Where these CPUs are: one place a CPU, in their order, on the heap. */
struct cpu_place *cpus_places(const struct roots *roots, const int *cpus,
                              size_t n);

/*
 * The first CPU of each package, by_die: of each die of it, as indexes into the
 * places, on the heap; returns how many.
 */
size_t cpus_leaders(const struct cpu_place *at, size_t n, bool by_die,
                    size_t **leaders);

/* "package-1", or "package-1-die-0" where a package has several dies. */
void cpus_package_name(const struct cpu_place *at, size_t n, size_t i,
                       bool by_die, char *out, size_t size);

/* What the processor is, so far as its registers depend on it. */
struct cpu_model {
    bool intel, amd; /* or Hygon */
    int family, model;
};

void cpus_model(const struct roots *roots, struct cpu_model *m);

#endif
