#include "common/plot/space.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/principal.h"
#include "common/math/support.h"

void space_init(struct space *s, const char *axes, uint64_t seed,
                bool allow_truncated)
{
    *s = (struct space){.axes = axes, .allow_truncated = allow_truncated};
    rng_init(&s->rng, seed, 0);
}

void space_release(struct space *s)
{
    free(s->known.x);
    free(s->other.x);
    strings_release(&s->features);
}

static void keep(struct space *s, struct space_cloud *cloud, const float *x,
                 size_t D)
{
    uint64_t at = cloud->seen++;

    if (!cloud->x)
        cloud->x = xcalloc(SPACE_ROWS * D, sizeof *cloud->x);
    if (cloud->n < SPACE_ROWS)
        at = cloud->n++;
    else
        at = rng_below(&s->rng, at + 1);
    if (at < SPACE_ROWS)
        memcpy(cloud->x + at * D, x, D * sizeof *x);
}

static int check_features(struct space *s, const struct window_spec *spec,
                          struct err *e)
{
    if (spec->features.n == 0 || spec->features.n > SPACE_FEATURES)
        return err_set(e, ERR_DATA, "%zu features; a picture takes 1 to %d",
                       spec->features.n, SPACE_FEATURES);
    if (s->features.n == 0) {
        strings_copy(&s->features, &spec->features);
        return 0;
    }
    for (size_t j = 0; j < spec->features.n; j++)
        if (spec->features.n != s->features.n ||
            strcmp(spec->features.at[j], s->features.at[j]) != 0)
            return err_set(e, ERR_DATA,
                           "windows of other features than those before; make "
                           "them with the same --features");
    return 0;
}

static void take(struct space *s, const struct window_rows *w, bool parts)
{
    for (size_t i = 0; i < w->n; i++) {
        bool known = parts ? w->part[i] == PART_TRAIN : s->files == 0;

        keep(s, known ? &s->known : &s->other, w->x + i * w->D, w->D);
    }
}

int space_add(struct space *s, const char *path, struct err *e)
{
    struct window_reader *r = NULL;
    struct window_rows w;
    bool parts = false;
    int rc = window_reader_open(&r, path, e);

    if (rc == 0)
        stream_reader_allow_truncated(window_reader_stream(r),
                                      s->allow_truncated);
    while (rc >= 0 && (rc = window_reader_next(r, &w, e)) > 0) {
        const struct window_spec *spec = window_reader_spec(r);

        if (w.new_segment && check_features(s, spec, e) < 0)
            rc = err_prefix(e, "%s",
                            stream_reader_name(window_reader_stream(r)));
        parts = spec->split && strcmp(spec->split, "none") != 0;
        if (rc >= 0)
            take(s, &w, parts);
    }
    window_reader_close(r);
    s->files++;
    return rc;
}

/* The two axes: features by name, or those of the greatest variance. */
struct axes {
    int feature[2]; /* -1: a component */
    struct principal principal;
    char title[2][160];
};

static int choose_axes(const struct space *s, struct axes *a, struct err *e)
{
    struct strings names = {0};
    int rc = 0;

    principal_fit(&a->principal, s->known.x, s->known.n, s->features.n);
    for (int i = 0; i < 2; i++) {
        a->feature[i] = -1;
        snprintf(a->title[i], sizeof a->title[i],
                 "principal component %d, %.0f %%", i + 1,
                 100 * a->principal.share[i]);
    }
    if (!s->axes)
        return 0;
    strings_split(&names, s->axes, ',');
    if (names.n != 2)
        rc = err_set(e, ERR_USAGE, "--features: two of them, between commas");
    for (size_t i = 0; i < 2 && rc == 0; i++) {
        a->feature[i] = strings_find(&s->features, names.at[i]);
        snprintf(a->title[i], sizeof a->title[i], "%s", names.at[i]);
        if (a->feature[i] < 0)
            rc = err_set(e, ERR_USAGE, "--features: the windows have no %.100s",
                         names.at[i]);
    }
    strings_release(&names);
    return rc;
}

static void put_row(const struct axes *a, const float *x, FILE *f)
{
    double at[2];

    principal_place(&a->principal, x, at);
    for (int i = 0; i < 2; i++)
        if (a->feature[i] >= 0)
            at[i] = (double)x[a->feature[i]];
    fprintf(f, "%.6g %.6g\n", at[0], at[1]);
}

/* Block $out or $in: the other rows without support, and with it. */
static size_t put_others(const struct space *s, const struct support *known,
                         const struct axes *a, bool out, FILE *f)
{
    size_t n = 0, D = s->features.n;

    fprintf(f, "$%s << EOD\n", out ? "out" : "in");
    for (size_t i = 0; i < s->other.n; i++) {
        const float *x = s->other.x + i * D;

        if ((support_row(known, x) < .5f) != out)
            continue;
        put_row(a, x, f);
        n++;
    }
    fputs("EOD\n", f);
    return n;
}

static void fit_support(const struct space *s, struct support *known)
{
    uint32_t *rows = xcalloc(s->known.n, sizeof *rows);

    for (size_t i = 0; i < s->known.n; i++)
        rows[i] = (uint32_t)i;
    support_init(known, s->features.n);
    support_fit(known, s->known.x, rows, s->known.n);
    free(rows);
}

static void plot(const struct axes *a, size_t n_in, size_t n_out,
                 struct canvas *c)
{
    canvas_set(c, "xlabel", a->title[0]);
    canvas_set(c, "ylabel", a->title[1]);
    fprintf(c->f, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n",
            5.2 * c->em / c->width, 1 - 1.5 * c->em / c->width);
    canvas_key(c, 3, 18);
    canvas_between(c, 1, 0);
    fputs("plot $known using 1:2 with points pt 7 ps .4 lc rgb '#999999' title "
          "'to learn from'",
          c->f);
    if (n_in)
        fputs(", $in using 1:2 with points pt 2 ps .55 lc rgb '#0072b2' title "
              "'others, like these'",
              c->f);
    if (n_out)
        fputs(", $out using 1:2 with points pt 8 ps .7 lc rgb '#d55e00' title "
              "'out of support'",
              c->f);
    fputc('\n', c->f);
}

static void caption_of(const struct space *s, size_t n_in, size_t n_out,
                       char *out, size_t size)
{
    size_t D = s->features.n;
    double share =
        n_in + n_out ? 100. * (double)n_out / (double)(n_in + n_out) : 0;

    snprintf(out, size,
             "%zu features; per cent: of their variance. Rows to learn from: "
             "%" PRIu64 " (%zu drawn); "
             "others: %" PRIu64 " (%zu drawn), of those drawn %.1f %% out of "
             "support: unlike any row to learn from.",
             D, s->known.seen, s->known.n, s->other.seen, s->other.n, share);
}

static void draw(const struct space *s, const struct axes *a, struct canvas *c)
{
    struct support known;
    char caption[512], *data = NULL;
    size_t size, n_in, n_out, D = s->features.n;
    FILE *f = open_memstream(&data, &size);

    if (!f)
        xmalloc((size_t)-1 / 2); /* says that there is no memory */
    fit_support(s, &known);
    fputs("$known << EOD\n", f);
    for (size_t i = 0; i < s->known.n; i++)
        put_row(a, s->known.x + i * D, f);
    fputs("EOD\n", f);
    n_in = put_others(s, &known, a, false, f);
    n_out = put_others(s, &known, a, true, f);
    fclose(f);
    caption_of(s, n_in, n_out, caption, sizeof caption);
    canvas_begin(c, 720, 600, "The space of the features", caption);
    fwrite(data, 1, size, c->f);
    plot(a, n_in, n_out, c);
    free(data);
    support_release(&known);
}

int space_draw(const struct space *s, struct canvas *c, struct err *e)
{
    struct axes a;
    int rc;

    if (s->known.n == 0)
        return err_set(e, ERR_DATA,
                       "no row to learn from: none is of the training part, or "
                       "in the first file");
    rc = choose_axes(s, &a, e);
    if (rc == 0)
        draw(s, &a, c);
    principal_release(&a.principal);
    return rc;
}
