#ifndef PROBE_ENERGY_PARTS_H
#define PROBE_ENERGY_PARTS_H

#include "common/probe/energy.h"

/* What energy.c, energy_check.c and energy_words.c share. */

/* Read all domains until they have moved, for 50 ms at most, and judge them. */
void energy_check(const struct energy_backend *b, void *state,
                  struct energy_domains *ds);

/* Would it be recorded, were its backend to serve? */
bool energy_is_usable(const struct energy *en, const struct energy_domain *d);

/* Why there is no energy, of all that was looked at. */
void energy_say_none(const struct energy *en, const char *choice,
                     struct err *e);

/* To people, of what serves: a line a kind of trouble. */
void energy_warn(const struct energy *en, struct strings *notes);

#endif
