#include "formats/window.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"

#define KEY_FEATURES "window.features"
#define KEY_DELAYS "window.delays"
#define KEY_TAU "window.tau"
#define KEY_INTERVAL "window.interval_ns"
#define KEY_SPLIT "window.split"
#define ORDER "oldest-first"

enum { MAX_DELAYS = 4096, MAX_TAU = 4096, MAX_FEATURES = 1024 };

const char *part_name(enum part part)
{
    switch (part) {
    case PART_NONE:
        return "none";
    case PART_TRAIN:
        return "train";
    case PART_VALID:
        return "valid";
    case PART_TEST:
        return "test";
    }
    return "unknown";
}

size_t window_span(const struct window_spec *s)
{
    return (size_t)(s->delays - 1) * (size_t)s->tau + 1;
}

int window_targets_parse(struct strings *out, const char *target, struct err *e)
{
    strings_split(out, target, ',');
    if (out->n > MAX_TARGETS)
        return err_set(e, ERR_DATA, "%zu targets (at most %d)", out->n,
                       MAX_TARGETS);
    for (size_t i = 0; i < out->n; i++) {
        const char *name = out->at[i];

        if (!*name)
            return err_set(e, ERR_DATA, "a target without a name in '%s'",
                           target);
        if (strings_find(out, name) != (int)i)
            return err_set(e, ERR_DATA, "the target %s twice in '%s'", name,
                           target);
        if (out->n > 1 &&
            (strcmp(name, "none") == 0 || strcmp(name, "auto") == 0))
            return err_set(e, ERR_DATA,
                           "%s is no target among others ('%s'); name zones",
                           name, target);
    }
    return 0;
}

size_t window_n_targets(const struct window_spec *s)
{
    size_t n = 1;

    for (const char *c = s->target; *c; c++)
        n += *c == ',';
    return n;
}

void window_spec_to_meta(const struct window_spec *s, struct labels *meta)
{
    char *features = strings_join(&s->features, ",");

    labels_set(meta, KEY_FEATURES, features);
    labels_setf(meta, KEY_DELAYS, "%d", s->delays);
    labels_setf(meta, KEY_TAU, "%d", s->tau);
    labels_setf(meta, KEY_INTERVAL, "%" PRId64, s->interval_ns);
    labels_set(meta, META_WINDOW_ORDER, ORDER);
    labels_set(meta, META_WINDOW_TARGET, s->target);
    labels_set(meta, KEY_SPLIT, s->split);
    free(features);
}

/* The text at key, which must be there. */
static const char *need(const struct labels *meta, const char *key,
                        struct err *e)
{
    const char *text = labels_get(meta, key);

    if (!text)
        err_set(e, ERR_DATA, "the window specification has no %s", key);
    return text;
}

static int need_number(const struct labels *meta, const char *key, int64_t max,
                       int64_t *out, struct err *e)
{
    const char *text = need(meta, key, e);
    char *end;

    if (!text)
        return -1;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno || end == text || *end || *out < 1 || *out > max)
        return err_set(e, ERR_DATA,
                       "%s: '%s' is no whole number in 1..%" PRId64, key, text,
                       max);
    return 0;
}

static int check_targets(const struct window_spec *s, struct err *e)
{
    struct strings names = {0};
    int rc = window_targets_parse(&names, s->target, e);

    strings_release(&names);
    return rc;
}

static int parse_features(struct window_spec *s, const char *text,
                          struct err *e)
{
    strings_split(&s->features, text, ',');
    if (s->features.n > MAX_FEATURES)
        return err_set(e, ERR_DATA, "%zu features (at most %d)", s->features.n,
                       MAX_FEATURES);
    for (size_t i = 0; i < s->features.n; i++)
        if (s->features.at[i][0] == '\0')
            return err_set(e, ERR_DATA, "a feature without a name in '%s'",
                           text);
    return 0;
}

int window_spec_from_meta(struct window_spec *s, const struct labels *meta,
                          struct err *e)
{
    const char *features = need(meta, KEY_FEATURES, e);
    const char *order = features ? need(meta, META_WINDOW_ORDER, e) : NULL;
    const char *target = order ? need(meta, META_WINDOW_TARGET, e) : NULL;
    const char *split = target ? need(meta, KEY_SPLIT, e) : NULL;
    int64_t delays, tau;

    memset(s, 0, sizeof *s);
    if (!split)
        return -1;
    if (strcmp(order, ORDER) != 0)
        return err_set(e, ERR_DATA, "windows are laid out %s, not " ORDER,
                       order);
    if (need_number(meta, KEY_DELAYS, MAX_DELAYS, &delays, e) < 0 ||
        need_number(meta, KEY_TAU, MAX_TAU, &tau, e) < 0 ||
        need_number(meta, KEY_INTERVAL, INT64_MAX, &s->interval_ns, e) < 0)
        return -1;
    s->delays = (int)delays;
    s->tau = (int)tau;
    s->target = xstrdup(target);
    s->split = xstrdup(split);
    return check_targets(s, e) < 0 ? -1 : parse_features(s, features, e);
}

void window_spec_copy(struct window_spec *to, const struct window_spec *from)
{
    *to = *from;
    strings_copy(&to->features, &from->features);
    to->target = xstrdup(from->target);
    to->split = xstrdup(from->split);
}

void window_spec_release(struct window_spec *s)
{
    strings_release(&s->features);
    free(s->target);
    free(s->split);
    memset(s, 0, sizeof *s);
}

static int check_features(const struct strings *want,
                          const struct strings *have, struct err *e)
{
    for (size_t i = 0; i < want->n && i < have->n; i++)
        if (strcmp(want->at[i], have->at[i]) != 0)
            return err_set(e, ERR_DATA,
                           "feature %zu is %s, and the model takes %s", i + 1,
                           have->at[i], want->at[i]);
    if (want->n != have->n)
        return err_set(e, ERR_DATA,
                       "there are %zu features, and the model takes %zu",
                       have->n, want->n);
    return 0;
}

int window_spec_check(const struct window_spec *want,
                      const struct window_spec *have, struct err *e)
{
    char a[32], b[32];

    if (check_features(&want->features, &have->features, e) < 0)
        return -1;
    if (want->delays != have->delays)
        return err_set(e, ERR_DATA, "d is %d, and the model takes %d",
                       have->delays, want->delays);
    if (want->tau != have->tau)
        return err_set(e, ERR_DATA, "tau is %d, and the model takes %d",
                       have->tau, want->tau);
    if (want->interval_ns == have->interval_ns)
        return 0;
    duration_format(have->interval_ns, a, sizeof a);
    duration_format(want->interval_ns, b, sizeof b);
    return err_set(e, ERR_DATA, "the interval is %s, and the model takes %s", a,
                   b);
}

bool window_match_targets(const struct strings *want,
                          const struct window_spec *have, int *at)
{
    struct strings names = {0};
    bool any = false;

    strings_split(&names, have->target, ',');
    for (size_t k = 0; k < want->n; k++) {
        at[k] = strings_find(&names, want->at[k]);
        any |= at[k] >= 0;
    }
    if (want->n == 1 && names.n == 1)
        at[0] = 0;
    strings_release(&names);
    return any;
}

char *window_label_name(size_t k, const char *target)
{
    return k ? xasprintf(WINDOW_LABEL ".%s", target) : xstrdup(WINDOW_LABEL);
}

void window_channels(struct channels *cs, const struct window_spec *s)
{
    struct strings targets = {0};

    for (size_t i = 0; i < s->features.n; i++)
        channels_add(cs, s->features.at[i], "", CHANNEL_F32, CHANNEL_GAUGE, 0);
    strings_split(&targets, s->target, ',');
    for (size_t k = 0; k < targets.n; k++) {
        char *name = window_label_name(k, targets.at[k]);

        channels_add(cs, name, "W", CHANNEL_F32, CHANNEL_GAUGE, 0);
        free(name);
    }
    strings_release(&targets);
    channels_add(cs, WINDOW_DT, "s", CHANNEL_F32, CHANNEL_GAUGE, 0);
    channels_add(cs, WINDOW_PART, "1", CHANNEL_U8, CHANNEL_GAUGE, 0);
}

/* ---- reading ---- */

#define THIN_STREAM 0x7468696eu /* the generator's, for windows left out */

struct window_reader {
    struct stream_reader *stream;
    struct window_spec spec;
    size_t K; /* its targets */
    bool new_segment;
    uint32_t run; /* rows since the last gap */
    struct {
        enum part part;
        double share; /* 0: no window is left out */
        uint64_t seed, row;
    } thin;
    size_t cap;
    float *x;       /* (cap, D) */
    uint32_t *span; /* (cap) */
};

int window_reader_open(struct window_reader **r, const char *path,
                       struct err *e)
{
    *r = xcalloc(1, sizeof **r);
    return stream_reader_open(&(*r)->stream, path, STREAM_WINDOW, e);
}

/* The channels must be those that the specification in the header makes. */
static int begin_segment(struct window_reader *r, struct err *e)
{
    const struct stream_header *h = stream_reader_header(r->stream);
    struct channels expected = {0};
    int status = 0;

    window_spec_release(&r->spec);
    r->new_segment = true;
    r->run = 0;
    r->cap = 0;
    if (window_spec_from_meta(&r->spec, &h->meta, e) < 0)
        return err_prefix(e, "%s", stream_reader_name(r->stream));
    r->K = window_n_targets(&r->spec);
    window_channels(&expected, &r->spec);
    if (expected.n != h->channels.n)
        status = -1;
    for (size_t i = 0; status == 0 && i < expected.n; i++)
        if (strcmp(expected.at[i].name, h->channels.at[i].name) != 0 ||
            expected.at[i].type != h->channels.at[i].type)
            status = -1;
    channels_release(&expected);
    if (status < 0)
        return err_set(e, ERR_DATA,
                       "%s: the channels are not those of the features and "
                       "targets",
                       stream_reader_name(r->stream));
    return 0;
}

/* A label may be missing; nothing is infinite, and time passes. */
static int check_row(const struct window_reader *r, const struct block *b,
                     size_t i, struct err *e)
{
    size_t D = r->spec.features.n, K = r->K;
    const float *dt_s = b->column[D + K];
    const uint8_t *part = b->column[D + K + 1];
    const char *what = NULL;

    if (part[i] > PART_TEST)
        what = WINDOW_PART " is none of ours";
    if (!isfinite(dt_s[i]) || dt_s[i] <= 0)
        what = WINDOW_DT " is no time";
    for (size_t k = 0; k < K; k++)
        if (isinf(((const float *)b->column[D + k])[i]))
            what = WINDOW_LABEL " is no finite number";
    return what ? err_set(e, ERR_DATA, "%s: t_ns %" PRId64 ": %s",
                          stream_reader_name(r->stream), b->t_ns[i], what)
                : 0;
}

/* Columns to rows: x (n, D), finite. */
static int gather(struct window_reader *r, const struct block *b, struct err *e)
{
    size_t D = r->spec.features.n;

    for (size_t j = 0; j < D; j++) {
        const float *column = b->column[j];

        for (size_t i = 0; i < b->n; i++)
            r->x[i * D + j] = column[i];
    }
    for (size_t i = 0; i < b->n * D; i++)
        if (!isfinite(r->x[i]))
            return err_set(e, ERR_DATA, "%s: %s is no finite number",
                           stream_reader_name(r->stream),
                           r->spec.features.at[i % D]);
    for (size_t i = 0; i < b->n; i++)
        if (check_row(r, b, i, e) < 0)
            return -1;
    return 0;
}

/* Does a window of the next row, which is of this part, count? */
static bool is_wanted(struct window_reader *r, enum part part)
{
    uint64_t bits = rng_at(r->thin.seed, THIN_STREAM, r->thin.row++);

    return (r->thin.part == PART_NONE || r->thin.part == part) &&
           rng_unit(bits) < r->thin.share;
}

static void fill_span(struct window_reader *r, const uint8_t *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        r->span[i] = r->run < UINT32_MAX ? ++r->run : r->run;
        if (r->thin.share > 0 && !is_wanted(r, (enum part)part[i]))
            r->span[i] = 0;
    }
}

static int fill_rows(struct window_reader *r, const struct block *b,
                     struct window_rows *rows, struct err *e)
{
    size_t D = r->spec.features.n, K = r->K;

    if (b->n > r->cap) {
        r->cap = b->n;
        r->x = xreallocarray(r->x, b->n * D, sizeof *r->x);
        r->span = xreallocarray(r->span, b->n, sizeof *r->span);
    }
    if (gather(r, b, e) < 0)
        return -1;
    fill_span(r, b->column[D + K + 1], b->n);
    *rows = (struct window_rows){
        .n = b->n,
        .D = D,
        .t_ns = b->t_ns,
        .x = r->x,
        .label = b->column[D],
        .K = K,
        .dt_s = b->column[D + K],
        .part = b->column[D + K + 1],
        .span = r->span,
        .new_segment = r->new_segment,
    };
    for (size_t k = 0; k < K; k++)
        rows->labels[k] = b->column[D + k];
    r->new_segment = false;
    return 1;
}

int window_reader_next(struct window_reader *r, struct window_rows *rows,
                       struct err *e)
{
    struct stream_item item;
    int status;

    while ((status = stream_next(r->stream, &item, e)) > 0) {
        if (item.kind == ITEM_SEGMENT && begin_segment(r, e) < 0)
            return -1;
        if (item.kind == ITEM_MARK && item.mark.kind != MARK_NOTE)
            r->run = 0;
        if (item.kind == ITEM_BLOCK)
            return fill_rows(r, &item.block, rows, e);
    }
    return status;
}

void window_reader_thin(struct window_reader *r, enum part part, double share,
                        uint64_t seed)
{
    r->thin.part = part;
    r->thin.share = share;
    r->thin.seed = seed;
}

const struct stream_header *window_reader_header(const struct window_reader *r)
{
    return stream_reader_header(r->stream);
}

const struct window_spec *window_reader_spec(const struct window_reader *r)
{
    return &r->spec;
}

struct stream_reader *window_reader_stream(struct window_reader *r)
{
    return r->stream;
}

void window_reader_close(struct window_reader *r)
{
    if (!r)
        return;
    stream_reader_close(r->stream);
    window_spec_release(&r->spec);
    free(r->x);
    free(r->span);
    free(r);
}
