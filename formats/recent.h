#ifndef FORMATS_RECENT_H
#define FORMATS_RECENT_H

#include "formats/input.h"

/*
 * The latest rows of a window stream, scaled as a model wants them: as many as
 * a window reaches back to, and the new ones behind.  Start with {0}.
 */
struct recent {
    size_t n, cap;
    float *x;       /* (n, D) */
    float *support; /* (n) of each row, see math/support.h */
    uint32_t *end;  /* rows where the new windows end */
};

/* Append rows; returns how many windows end in them (r->end). */
size_t recent_append(struct recent *r, const struct window_rows *rows,
                     const struct window_spec *spec, const struct input *in);

/* The support of the window that ends at row `end`. */
float recent_support(const struct recent *r, const struct window_spec *spec,
                     size_t end);

void recent_release(struct recent *r);

#endif
