#include "formats/describe.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json.h"

/* Strings are quoted as JSON quotes them, which YAML takes. */
static void print_string(FILE *f, const char *before, const char *s,
                         const char *after)
{
    fputs(before, f);
    json_text(f, s);
    fputs(after, f);
}

/* Most keys need no quotes in YAML. */
static void print_key(FILE *f, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

    if (isalpha((unsigned char)key[0]) && !key[strspn(key, plain)])
        fprintf(f, "  %s: ", key);
    else
        print_string(f, "  ", key, ": ");
}

static void print_metadata(FILE *f, const char *title,
                           const struct labels *meta)
{
    fprintf(f, "%s:%s\n", title, meta->n ? "" : " {}");
    for (size_t i = 0; i < meta->n; i++) {
        print_key(f, meta->at[i].key);
        print_string(f, "", meta->at[i].value, "\n");
    }
}

static void print_channel(FILE *f, const struct channel *c)
{
    static const char *const types[] = {"u64", "f64", "f32", "u8"};

    print_string(f, "  - {name: ", c->name, ", unit: ");
    print_string(f, "", c->unit, ", type: ");
    fprintf(f, "%s, kind: %s", types[c->type],
            c->kind == CHANNEL_COUNTER ? "counter" : "gauge");
    if (c->wrap)
        fprintf(f, ", wrap: %" PRIu64, c->wrap);
    fputs("}\n", f);
}

void describe_segment(FILE *f, const char *file, int64_t segment,
                      const struct stream_header *h)
{
    print_string(f, "---\nfile: ", file, "\n");
    fprintf(f, "segment: %" PRId64 "\nkind: %s\nchannels:%s\n", segment,
            stream_kind_name(h->kind), h->channels.n ? "" : " []");
    for (size_t i = 0; i < h->channels.n; i++)
        print_channel(f, &h->channels.at[i]);
    print_metadata(f, "metadata", &h->meta);
    fprintf(f, "provenance:%s\n", h->provenance.n ? "" : " []");
    for (size_t i = 0; i < h->provenance.n; i++)
        print_string(f, "  - ", h->provenance.at[i], "\n");
}

void describe_trailer(FILE *f, const struct labels *facts)
{
    print_metadata(f, "trailer", facts);
}

static double number(const struct labels *facts, const char *key)
{
    return strtod(labels_get_or(facts, key, "0"), NULL);
}

void describe_ledger(FILE *f, const struct labels *facts)
{
    double rows = number(facts, "ledger.rows");
    double switches = number(facts, "ledger.switches_voluntary") +
                      number(facts, "ledger.switches_involuntary");

    if (!(rows >= 1))
        return;
    fprintf(f, "; %.1f us CPU and %.2f context switches a row, %s ticks missed",
            number(facts, "ledger.cpu_ns") / rows / 1e3, switches / rows,
            labels_get_or(facts, "ledger.ticks_missed", "0"));
}

void describe_shape(const struct checkpoint_tensor *t, char *out, size_t size)
{
    size_t n = 0;

    snprintf(out, size, "1");
    for (int i = 0; i < t->n_dims && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%zu", i ? "x" : "",
                              t->shape[i]);
}

void describe_checkpoint(FILE *f, const char *file, const struct checkpoint *c)
{
    char shape[96];

    print_string(f, "---\nfile: ", file, "\n");
    fprintf(f, "kind: checkpoint\nsha256: %s\ntensors:%s\n", c->sha256,
            c->n_tensors ? "" : " []");
    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct checkpoint_tensor *t = &c->tensor[i];

        describe_shape(t, shape, sizeof shape);
        print_string(f, "  - {name: ", t->name, "");
        fprintf(f, ", type: %s, shape: %s}\n",
                checkpoint_dtype_name((int)t->dtype), shape);
    }
    print_metadata(f, "metadata", &c->meta);
}
