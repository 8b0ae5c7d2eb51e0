#include "common/recorder/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "formats/output.h"

enum {
    MOST_NUMBERS = 999999,
    LONGEST_NAME = 4096,
    SMALLEST = 10000, /* bytes: a header and some rows */
};

static const struct {
    const char *name;
    double bytes;
} units[] = {
    {"kB", 1e3},   {"MB", 1e6},          {"GB", 1e9},
    {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024. * 1024 * 1024},
};

#define N_UNITS (sizeof units / sizeof *units)

/* ---- names and limits ---- */

/* Returns 1 if the text is a size. */
static int parse_size(const char *text, uint64_t *size)
{
    char *unit;
    double value = strtod(text, &unit);

    for (size_t i = 0; i < N_UNITS && unit > text; i++)
        if (strcmp(unit, units[i].name) == 0 &&
            value * units[i].bytes >= SMALLEST &&
            value * units[i].bytes < 1e18) {
            *size = (uint64_t)(value * units[i].bytes);
            return 1;
        }
    return 0;
}

int files_parse_rotation(struct files_plan *plan, const char *text,
                         struct err *e)
{
    if (parse_size(text, &plan->size) ||
        duration_parse(text, &plan->every_ns, e) == 0)
        return 0;
    return err_set(e, ERR_USAGE,
                   "'%s' is no time (such as 1h) and no size (such as 100MB, "
                   "10kB at least)",
                   text);
}

/* The number goes before the suffix. */
static char *numbered(const char *name, unsigned number)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    const char *dot = strrchr(base, '.');
    size_t stem = dot && dot > base ? (size_t)(dot - name) : strlen(name);
    char digits[16];

    snprintf(digits, sizeof digits, "%04u", number);
    return xasprintf("%.*s-%s%s", (int)stem, name, digits, name + stem);
}

/* The pattern is the user's to choose; strftime() writes within `size`. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t put_time(char *name, size_t size, const char *pattern,
                       const struct tm *tm)
{
    return strftime(name, size, pattern, tm);
}
#pragma GCC diagnostic pop

char *files_name(const char *pattern, int64_t real_ns, unsigned number,
                 struct err *e)
{
    time_t now = real_ns / NS_PER_S;
    char name[LONGEST_NAME];
    struct tm tm;

    if (!strchr(pattern, '%'))
        return numbered(pattern, number);
    if (!gmtime_r(&now, &tm) ||
        put_time(name, sizeof name, pattern, &tm) == 0) {
        err_set(e, ERR_USAGE, "'%s' gives no name", pattern);
        return NULL;
    }
    return number > 1 ? numbered(name, number) : xstrdup(name);
}

/* ---- files ---- */

static bool rotates(const struct files *f)
{
    return f->plan.every_ns > 0 || f->plan.size > 0;
}

/* A name that was free and is ours now, on the heap; NULL with e filled. */
static char *claim(struct files *f, struct err *e)
{
    bool dated = strchr(f->plan.path, '%');
    int64_t real_ns = clock_realtime_ns();
    unsigned number = dated ? 0 : f->numbers;

    while (number++ < MOST_NUMBERS) {
        char *name = files_name(f->plan.path, real_ns, number, e);
        int rc = name ? output_claim(name, e) : -1;

        if (rc > 0) {
            f->numbers = number;
            return name;
        }
        free(name);
        if (rc < 0)
            return NULL;
    }
    err_set(e, ERR_SYSTEM, "%s: no number is free", f->plan.path);
    return NULL;
}

static int open_next(struct files *f, struct stream_writer **out, char **name,
                     struct err *e)
{
    *out = NULL;
    *name = NULL;
    if (rotates(f) && !(*name = claim(f, e)))
        return -1;
    if (stream_writer_open(out, *name ? *name : f->plan.path, f->plan.level,
                           e) < 0)
        return -1;
    f->n++;
    return 0;
}

int files_open(struct files *f, const struct files_plan *plan, struct err *e)
{
    *f = (struct files){.plan = *plan};
    return open_next(f, &f->out, &f->name, e);
}

void files_start(struct files *f, int64_t mono_ns)
{
    f->start_ns = mono_ns;
    f->due_ns = f->plan.every_ns > 0 ? mono_ns + f->plan.every_ns : INT64_MAX;
}

bool files_due(const struct files *f, int64_t mono_ns)
{
    return mono_ns >= f->due_ns ||
           (f->plan.size > 0 && stream_writer_bytes(f->out) >= f->plan.size);
}

/* The border that comes next: start + k times every_ns, whatever was late. */
static int64_t next_border(const struct files *f, int64_t mono_ns)
{
    int64_t every = f->plan.every_ns;

    if (every <= 0)
        return INT64_MAX;
    return f->start_ns + ((mono_ns - f->start_ns) / every + 1) * every;
}

int files_next(struct files *f, int64_t mono_ns, struct err *e)
{
    struct stream_writer *old = f->out, *out;
    char *name;

    if (open_next(f, &out, &name, e) < 0) {
        free(name);
        stream_writer_close(out, &(struct err){0});
        return -1;
    }
    free(f->name);
    f->name = name;
    f->out = out;
    f->due_ns = next_border(f, mono_ns);
    return stream_writer_close(old, e);
}

int files_close(struct files *f, struct err *e)
{
    int rc = stream_writer_close(f->out, e);

    free(f->name);
    *f = (struct files){0};
    return rc;
}
