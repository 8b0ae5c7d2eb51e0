#ifndef MATH_FINGERPRINT_H
#define MATH_FINGERPRINT_H

#include "common/base/pool.h"
#include "common/math/labelled.h"

/*
 * Which features tell one recording session from another.  A model that knows
 * the session by such a feature scores well on sessions that it has seen, and
 * for the wrong reason.
 *
 * Sessions are guessed from bins of features (common/math/bins.h) on held-out
 * rows: every second file of a session that has several of the same group, else
 * blocks of `block_ns` of its one file, with as much left out between them.
 */
struct fingerprint_options {
    const uint32_t *session; /* (n_files) 0..n_sessions-1 */
    size_t n_sessions;
    const uint8_t *code;     /* (T, D) bins of the features */
    const uint16_t *n_codes; /* (D) */
    const uint16_t *work;    /* (T) what kind of work at what load a row is, or
                                NULL */
    size_t n_works;
    int64_t block_ns;
};

/* Of the held-out rows; NaN: there are none. */
struct fingerprint {
    double accuracy;       /* share whose session is guessed right */
    double bits;           /* that the feature tells of the session: by how much
                              less its log2 likelihood surprises than that of a
                              guess without it; below 0: nothing */
    double bits_same_work; /* that it tells once the work is known: what
                              differs between sessions that did the same */
};

struct fingerprints {
    size_t n_trained, n_held_out; /* rows */
    double chance;  /* accuracy of always naming the most frequent session */
    double entropy; /* bits that there are to tell */
    struct fingerprint joint;    /* of all features, taken as independent;
                                    accuracy only */
    struct fingerprint *feature; /* (D) caller's */
};

void fingerprint_check(const struct labelled *rows,
                       const struct fingerprint_options *o, struct pool *pool,
                       struct fingerprints *out);

#endif
