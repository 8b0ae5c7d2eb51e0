#ifndef FORMATS_WINDOW_H
#define FORMATS_WINDOW_H

#include "common/math/embed.h"
#include "formats/stream.h"

/*
 * Window streams: each sample's features and label once, and in the header how
 * windows are laid over them.  The (N, D*d) matrix is a view that is built
 * batch by batch where it is used (common/math/embed.h).
 *
 * Channels: one f32 a feature, in order; then the three below, of which the
 * first stands there once for each target: "label" for the first, and for
 * further ones, say dram, "label.dram".
 */
#define WINDOW_LABEL \
    "label"                /* f32, W between the last two samples; NaN: none */
#define WINDOW_DT "dt"     /* f32, s between the last two samples */
#define WINDOW_PART "part" /* u8, enum part */

enum part {
    PART_NONE = 0, /* belongs to no part: purged at a border, or no split */
    PART_TRAIN = 1,
    PART_VALID = 2,
    PART_TEST = 3,
};

/* In the metadata of windows always "oldest-first"; of predictions that were
 * made of reversed ones "newest-first". */
#define META_WINDOW_ORDER "window.order"
/* What the labels are of: struct window_spec's target. */
#define META_WINDOW_TARGET "window.target"
/* CPUs: of windows over which busy_cpus changes by no more none is in the test
 * part; absent: no such choice was made. */
#define META_WINDOW_TRANSIENT "window.transient"

const char *part_name(enum part part);

/* How windows are made; what a model was trained on and must be fed. */
struct window_spec {
    struct strings features; /* D names, units as in the feature table */
    int delays;              /* d: samples in a window */
    int tau;                 /* samples between them */
    int64_t interval_ns;
    char *target; /* "package", or the zone that the labels were taken from;
                     several between commas; "none" */
    char *split;  /* "none", "shuffle", "run", "group:KEY", ... */
};

/*
 * The targets by name: 1 to MAX_TARGETS, no two the same, "none" and "auto"
 * only alone.  -1 with ERR_DATA that says which rule was broken; out is the
 * caller's to release all the same.
 */
int window_targets_parse(struct strings *out, const char *target,
                         struct err *e);

/* K of a specification that was read: labels a row. */
size_t window_n_targets(const struct window_spec *s);

/* Rows that a window spans: (d - 1) tau + 1. */
size_t window_span(const struct window_spec *s);

void window_spec_to_meta(const struct window_spec *s, struct labels *meta);
int window_spec_from_meta(struct window_spec *s, const struct labels *meta,
                          struct err *e);
void window_spec_copy(struct window_spec *to, const struct window_spec *from);
void window_spec_release(struct window_spec *s);

/*
 * Can windows of `have` be fed to a model of `want`?  Features, d, tau and
 * interval must agree; -1 with the difference named in e (ERR_DATA).
 */
int window_spec_check(const struct window_spec *want,
                      const struct window_spec *have, struct err *e);

/*
 * Where the labels of `want` stand in windows of `have`: at[k] (want.n) is the
 * place of target k, or -1.  One single target stands beside another all the
 * same.  Returns whether any is there by its name.
 */
bool window_match_targets(const struct strings *want,
                          const struct window_spec *have, int *at);

/* Consecutive rows of one segment, oldest first.  What is not finite, but for
 * the NaN of a missing label, or of no known part is an error of the reader. */
struct window_rows {
    size_t n, D;
    const int64_t *t_ns;              /* (n) */
    const float *x;                   /* (n, D) */
    const float *label;               /* (n) W of the first target, NaN: none */
    size_t K;                         /* targets */
    const float *labels[MAX_TARGETS]; /* [K] (n) of each, label the first */
    const float *dt_s;                /* (n) */
    const uint8_t *part;              /* (n) enum part */
    const uint32_t *span; /* (n) rows without a gap up to this one, itself
                             counted: a window ends here if span >= its span */
    bool new_segment;     /* the first rows after a header */
};

struct window_reader;

int window_reader_open(struct window_reader **r, const char *path,
                       struct err *e);

/* The next rows: 1, 0 at the end, -1 on error.  Borrowed until the next. */
int window_reader_next(struct window_reader *r, struct window_rows *rows,
                       struct err *e);

/*
 * Leave windows out: none ends (span 0) in rows but those of `part`, of
 * PART_NONE any, and of them a share (0..1), drawn by the seed and the number
 * of the row.
 */
void window_reader_thin(struct window_reader *r, enum part part, double share,
                        uint64_t seed);

/* Header and specification of the current segment, borrowed. */
const struct stream_header *window_reader_header(const struct window_reader *r);
const struct window_spec *window_reader_spec(const struct window_reader *r);

/* The stream beneath, for on_idle, allow_truncated and counts. */
struct stream_reader *window_reader_stream(struct window_reader *r);
void window_reader_close(struct window_reader *r);

/* The channel of the label of target k of that name, on the heap. */
char *window_label_name(size_t k, const char *target);

/* Append the channels of a window stream of these features and targets. */
void window_channels(struct channels *cs, const struct window_spec *s);

#endif
