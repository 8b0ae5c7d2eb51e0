#ifndef PHYSICAL_THIN_H
#define PHYSICAL_THIN_H

#include <stddef.h>

/*
 * Of rows of evidence keep at most `most`, in equal parts from each load that
 * is there and spread over its time, so that a recording which idled for nine
 * minutes of ten speaks of the tenth as well.
 *
 * busy, watts (n)  in order of time; what is kept moves to the front
 * Returns how many are kept.  Cannot fail; the same rows give the same rows.
 */
size_t thin_rows(float *busy, float *watts, size_t n, double n_cpus,
                 size_t most);

#endif
