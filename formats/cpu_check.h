#ifndef FORMATS_CPU_CHECK_H
#define FORMATS_CPU_CHECK_H

#include <stdbool.h>

#include "common/base/labels.h"

/*
 * Is what is predicted for the processor that the model knows?  It is not
 * where a segment's metadata names a processor (META_CPU_MODEL) that is none
 * of the model's, or another one than an earlier segment of the same host and
 * run: a guest that was moved.  What is not named is taken as it is.
 *
 * Start with {.known = "data.cpu_models" of the checkpoint, NULL: not told};
 * known is borrowed.  Says once, as a warning, what is wrong.
 */
struct cpu_check {
    const char *known;
    char *run, *model; /* private: the latest host and run, its processor */
    bool said;
};

bool cpu_check_segment(struct cpu_check *c, const struct labels *meta);
void cpu_check_release(struct cpu_check *c);

/*
 * Is the processor in a list "A, B"?  One that was cut, "A, B, ...", may hold
 * any.
 */
bool cpu_check_knows(const char *list, const char *model);

#endif
