#ifndef PROBE_MACHINE_H
#define PROBE_MACHINE_H

#include "common/base/labels.h"
#include "common/probe/source.h"

/*
 * Who this machine is: host, cpu_model, cpu_family, cpu_model_number,
 * cpu_stepping, microcode, cpus (online), kernel, user_hz, governor,
 * hypervisor.  What is not visible is left out; a hypervisor is "none" on bare
 * metal, its product's name where that shows, "unknown" else.
 */
void machine_describe(const struct roots *roots, struct labels *meta);

/* The value of the first "NAME\t: VALUE" of the text of /proc/cpuinfo, on the
 * heap; NULL if there is none, or no text. */
char *cpuinfo_value(const char *info, const char *name);

#endif
