#ifndef SWEEP_SWEEP_BEGUN_H
#define SWEEP_SWEEP_BEGUN_H

#include "common/sweep/sweep_dir.h"
#include "common/sweep/sweep_file.h"

/* A sweep that was begun: what it needs to go on, from its folder alone. */
struct sweep_begun {
    struct sweep_dir dir;
    struct sweep_file file;
    struct node *machine; /* machine.json */
};

/* Returns 0, or -1 with e filled (ERR_USAGE: nothing was begun there);
 * sweep_begun_close() in either case. */
int sweep_begun_open(struct sweep_begun *b, const char *path, struct err *e);
void sweep_begun_close(struct sweep_begun *b);

/* Are these its settings?  Otherwise `lines` say what differs, and -1 with e
 * filled (ERR_USAGE). */
int sweep_begun_check(const struct sweep_begun *b, const struct node *root,
                      struct strings *lines, struct err *e);

/*
 * Is this its machine?  Host, processor, CPUs and hypervisor must be (-1 with e
 * filled, ERR_USAGE); what may be renewed meanwhile, as the kernel and
 * stress-ng may, is told in `lines`.
 */
int sweep_begun_check_machine(const struct sweep_begun *b,
                              const struct labels *facts, struct strings *lines,
                              struct err *e);

#endif
