#include "formats/prediction.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"

/* A channel and the float of a prediction that it holds. */
struct field {
    const char *name, *unit;
    size_t at;
};

#define AT(member) offsetof(struct prediction, member)
#define OF_DOMAIN(member) offsetof(struct prediction_domain, member)

enum { POWER, PART = 6, LEVELS, IDLE = LEVELS + 4, N_FIELDS };

static const struct field FIELDS[N_FIELDS] = {
    {"power", "W", AT(power_w)},
    {"lower", "W", AT(lower_w[INTERVAL_90])},
    {"upper", "W", AT(upper_w[INTERVAL_90])},
    {"support", "1", AT(support)},
    {"measured", "W", AT(measured_w)},
    {"dt", "s", AT(dt_s)},
    {"part", "1", 0}, /* the only one that is a small code */
    {"lower50", "W", AT(lower_w[INTERVAL_50])},
    {"upper50", "W", AT(upper_w[INTERVAL_50])},
    {"lower80", "W", AT(lower_w[INTERVAL_80])},
    {"upper80", "W", AT(upper_w[INTERVAL_80])},
    {"idle", "W", AT(idle_w)},
};

enum { DOMAIN_POWER, N_DOMAIN = 4 };

static const struct field DOMAIN_FIELDS[N_DOMAIN] = {
    {"power", "W", OF_DOMAIN(power_w)},
    {"lower", "W", OF_DOMAIN(lower_w)},
    {"upper", "W", OF_DOMAIN(upper_w)},
    {"measured", "W", OF_DOMAIN(measured_w)},
};

struct prediction_reader {
    struct stream_reader *stream;
    struct block block; /* being handed out, from row `at` */
    size_t at;
    bool new_segment;
    struct prediction_form form;
    int index[N_FIELDS]; /* where each channel is; -1: not in this stream */
    int domain_index[PREDICTION_MAX_DOMAINS][N_DOMAIN];
};

void prediction_form_release(struct prediction_form *f)
{
    strings_release(&f->domains);
}

static enum channel_type type_of(int field)
{
    return field == PART ? CHANNEL_U8 : CHANNEL_F32;
}

static bool has_field(const struct prediction_form *form, int field)
{
    if (field < LEVELS)
        return true;
    return form && (field < IDLE ? form->levels : form->idle);
}

static size_t n_domains(const struct prediction_form *form)
{
    return form ? form->domains.n : 0;
}

static char *domain_channel(const struct field *f, const char *domain)
{
    return xasprintf("%s.%s", f->name, domain);
}

void prediction_channels(struct channels *cs,
                         const struct prediction_form *form)
{
    for (int i = 0; i < N_FIELDS; i++)
        if (has_field(form, i))
            channels_add(cs, FIELDS[i].name, FIELDS[i].unit, type_of(i),
                         CHANNEL_GAUGE, 0);
    for (size_t d = 0; d < n_domains(form); d++) {
        for (int i = 0; i < N_DOMAIN; i++) {
            const struct field *f = &DOMAIN_FIELDS[i];
            char *name = domain_channel(f, form->domains.at[d]);

            channels_add(cs, name, f->unit, CHANNEL_F32, CHANNEL_GAUGE, 0);
            free(name);
        }
    }
}

static uint64_t bits_at(const void *base, const struct field *f)
{
    float v;

    memcpy(&v, (const char *)base + f->at, sizeof v);
    return bits_of_f32(v);
}

int prediction_write(struct stream_writer *w,
                     const struct prediction_form *form,
                     const struct prediction *p, struct err *e)
{
    uint64_t cells[N_FIELDS + PREDICTION_MAX_DOMAINS * N_DOMAIN];
    size_t n = 0;

    for (int i = 0; i < N_FIELDS; i++)
        if (has_field(form, i))
            cells[n++] = i == PART ? p->part : bits_at(p, &FIELDS[i]);
    for (size_t d = 0; d < n_domains(form); d++)
        for (int i = 0; i < N_DOMAIN; i++)
            cells[n++] = bits_at(&p->domain[d], &DOMAIN_FIELDS[i]);
    return stream_writer_row(w, p->t_ns, cells, e);
}

int prediction_reader_open(struct prediction_reader **out, const char *path,
                           struct err *e)
{
    struct prediction_reader *r = xcalloc(1, sizeof *r);

    *out = NULL;
    if (stream_reader_open(&r->stream, path, STREAM_PREDICTION, e) < 0) {
        prediction_reader_close(r);
        return -1;
    }
    *out = r;
    return 0;
}

/* Where the channel of that name is, wanted from now on; -1: not there. */
static int want(struct prediction_reader *r, const char *name,
                enum channel_type type, int *index, struct err *e)
{
    const struct channels *cs = &stream_reader_header(r->stream)->channels;

    *index = channels_find(cs, name);
    if (*index < 0)
        return 0;
    if (cs->at[*index].type != type)
        return err_set(e, ERR_DATA, "%s: channel '%s' is of a wrong type",
                       stream_reader_name(r->stream), name);
    stream_reader_want(r->stream, (size_t)*index, true);
    return 0;
}

static int want_domain(struct prediction_reader *r, const char *domain,
                       struct err *e)
{
    size_t d = r->form.domains.n;

    if (d == PREDICTION_MAX_DOMAINS)
        return err_set(e, ERR_DATA, "%s: more than %d further power domains",
                       stream_reader_name(r->stream), PREDICTION_MAX_DOMAINS);
    strings_add(&r->form.domains, domain);
    for (int i = 0; i < N_DOMAIN; i++) {
        char *name = domain_channel(&DOMAIN_FIELDS[i], domain);
        int rc = want(r, name, CHANNEL_F32, &r->domain_index[d][i], e);

        free(name);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Find the channels; whatever else is there is not asked for. */
static int begin_segment(struct prediction_reader *r, struct err *e)
{
    const struct channels *cs = &stream_reader_header(r->stream)->channels;

    prediction_form_release(&r->form);
    for (size_t c = 0; c < cs->n; c++)
        stream_reader_want(r->stream, c, false);
    for (int i = 0; i < N_FIELDS; i++)
        if (want(r, FIELDS[i].name, type_of(i), &r->index[i], e) < 0)
            return -1;
    for (size_t c = 0; c < cs->n; c++)
        if (strncmp(cs->at[c].name, "power.", 6) == 0 &&
            want_domain(r, cs->at[c].name + 6, e) < 0)
            return -1;
    if (r->index[POWER] < 0)
        return err_set(e, ERR_DATA,
                       "%s: no channel 'power': these are no predictions",
                       stream_reader_name(r->stream));
    r->form.levels = r->index[LEVELS] >= 0;
    r->form.idle = r->index[IDLE] >= 0;
    r->new_segment = true;
    return 0;
}

/* Copy one value; false where it is infinite. */
static bool take(const struct prediction_reader *r, int channel, void *base,
                 const struct field *f)
{
    float v = NAN;

    if (channel >= 0)
        v = ((const float *)r->block.column[channel])[r->at];
    memcpy((char *)base + f->at, &v, sizeof v);
    return !isinf(v);
}

/* Only a missing value may be NaN, nothing is infinite, and time does
 * not go back. */
static bool take_fields(const struct prediction_reader *r, struct prediction *p)
{
    const uint8_t *part =
        r->index[PART] < 0 ? NULL : r->block.column[r->index[PART]];
    bool good = true;

    p->t_ns = r->block.t_ns[r->at];
    p->part = part ? (enum part)part[r->at] : PART_NONE;
    for (int i = 0; i < N_FIELDS; i++)
        if (i != PART)
            good &= take(r, r->index[i], p, &FIELDS[i]);
    for (size_t d = 0; d < r->form.domains.n; d++) {
        for (int i = 0; i < N_DOMAIN; i++)
            good &= take(r, r->domain_index[d][i], &p->domain[d],
                         &DOMAIN_FIELDS[i]);
        good &= !isnan(p->domain[d].power_w);
    }
    return good && !isnan(p->power_w) && !(p->dt_s < 0) && p->part <= PART_TEST;
}

static int take_row(struct prediction_reader *r, struct prediction *p,
                    struct err *e)
{
    bool good = take_fields(r, p);

    r->at++;
    if (!good)
        return err_set(e, ERR_DATA,
                       "%s: the prediction at t_ns %" PRId64
                       " is not finite, or of no known part",
                       stream_reader_name(r->stream), p->t_ns);
    return 1;
}

int prediction_reader_next(struct prediction_reader *r, struct prediction *p,
                           bool *new_segment, struct err *e)
{
    while (r->at == r->block.n) {
        struct stream_item item;
        int status = stream_next(r->stream, &item, e);

        if (status <= 0)
            return status;
        if (item.kind == ITEM_SEGMENT && begin_segment(r, e) < 0)
            return -1;
        if (item.kind != ITEM_BLOCK)
            continue;
        r->block = item.block;
        r->at = 0;
    }
    *new_segment = r->new_segment;
    r->new_segment = false;
    return take_row(r, p, e);
}

const struct stream_header *prediction_reader_header(
    const struct prediction_reader *r)
{
    return stream_reader_header(r->stream);
}

const struct prediction_form *prediction_reader_form(
    const struct prediction_reader *r)
{
    return &r->form;
}

struct stream_reader *prediction_reader_stream(struct prediction_reader *r)
{
    return r->stream;
}

void prediction_reader_close(struct prediction_reader *r)
{
    if (!r)
        return;
    stream_reader_close(r->stream);
    prediction_form_release(&r->form);
    free(r);
}
