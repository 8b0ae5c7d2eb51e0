#include "formats/logfile.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "formats/csv.h"
#include "formats/powerstat.h"

enum { HOLD = 64 }; /* rows whose times tell an unknown interval */

struct logfile {
    const char *path;
    enum logfile_format format;
    struct lines *lines;
    struct csv_map original;
    struct csv_reader *csv;
    struct powerstat *powerstat;
    const struct channels *channels;
    int64_t interval_ns;
    struct log_row held[HOLD]; /* cells and why on the heap */
    size_t n_held, next_held;
};

static int guess(struct logfile *f, struct err *e)
{
    static const char original[] = CSV_ORIGINAL_TIME;
    const char *text;
    size_t len;

    if (lines_peek(f->lines, &text, &len, e) < 0)
        return -1;
    f->format = LOGFILE_POWERSTAT; /* of blanks too: a log without rows */
    if (powerstat_guess(text, len) || strspn(text, " \t\r\n") >= len)
        return 0;
    f->format = LOGFILE_ORIGINAL;
    if (memmem(text, len < 64 ? len : 64, original, sizeof original - 1))
        return 0;
    return err_set(e, ERR_USAGE,
                   "%s: neither a powerstat log nor the original's CSV; say "
                   "--from csv --map MAP.yaml",
                   lines_name(f->lines));
}

static int read_row(struct logfile *f, struct log_row *row, struct err *e)
{
    return f->csv ? csv_next(f->csv, row, e)
                  : powerstat_next(f->powerstat, row, e);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The median of n steps, to two digits: clocks jitter, intentions do not. */
static int64_t median(int64_t *step, size_t n)
{
    int64_t unit = 1;

    qsort(step, n, sizeof *step, by_value);
    while (step[n / 2] / unit >= 100)
        unit *= 10;
    return (step[n / 2] + unit / 2) / unit * unit;
}

/* The median step between the rows held; one second if there is none. */
static int64_t interval_of_rows(const struct logfile *f)
{
    int64_t step[HOLD], last = -1, t;
    size_t n = 0;

    for (size_t i = 0; i < f->n_held; i++) {
        t = f->held[i].t_ns;
        if (f->held[i].why || t < 0)
            continue;
        if (last >= 0 && t > last)
            step[n++] = t - last;
        last = t;
    }
    return n ? median(step, n) : NS_PER_S;
}

/* Keep the first rows aside, to learn the interval from them. */
static int hold_rows(struct logfile *f, struct err *e)
{
    size_t size = f->channels->n * sizeof(uint64_t);
    int rc = 1;

    while (f->n_held < HOLD) {
        struct log_row *row = &f->held[f->n_held];
        uint64_t *cells;

        rc = read_row(f, row, e);
        if (rc <= 0)
            break;
        cells = xcalloc(1, size);
        if (!row->why)
            memcpy(cells, row->cells, size);
        row->cells = cells;
        row->why = row->why ? xstrdup(row->why) : NULL;
        f->n_held++;
    }
    f->interval_ns = interval_of_rows(f);
    return rc < 0 ? -1 : 0;
}

static int open_csv(struct logfile *f, const struct csv_map *map, struct err *e)
{
    if (f->format == LOGFILE_ORIGINAL) {
        csv_map_original(&f->original);
        map = &f->original;
    }
    f->channels = &map->channels;
    f->interval_ns = map->interval_ns;
    return csv_open(&f->csv, f->lines, map, e);
}

static int open_powerstat(struct logfile *f, int64_t day_ns, struct err *e)
{
    if (powerstat_open(&f->powerstat, f->lines, day_ns, e) < 0)
        return -1;
    f->channels = powerstat_channels(f->powerstat);
    f->interval_ns = powerstat_interval_ns(f->powerstat);
    return 0;
}

int logfile_open(struct logfile **out, const char *path,
                 enum logfile_format format, const struct csv_map *map,
                 int64_t day_ns, struct err *e)
{
    struct logfile *f = *out = xcalloc(1, sizeof *f);
    int rc;

    f->path = path ? path : "-";
    f->format = format;
    rc = lines_open(&f->lines, path, e);
    if (rc == 0 && format == LOGFILE_GUESS)
        rc = guess(f, e);
    if (rc == 0)
        rc = f->format == LOGFILE_POWERSTAT ? open_powerstat(f, day_ns, e)
                                            : open_csv(f, map, e);
    if (rc == 0 && f->interval_ns == 0)
        rc = hold_rows(f, e);
    if (rc == 0)
        return 0;
    logfile_close(f);
    *out = NULL;
    return -1;
}

const struct channels *logfile_channels(const struct logfile *f)
{
    return f->channels;
}

const char *logfile_name(const struct logfile *f)
{
    return lines_name(f->lines);
}

const char *logfile_path(const struct logfile *f)
{
    return f->path;
}

enum logfile_format logfile_format(const struct logfile *f)
{
    return f->format;
}

int64_t logfile_interval_ns(const struct logfile *f)
{
    return f->interval_ns;
}

int logfile_next(struct logfile *f, struct log_row *row, struct err *e)
{
    if (f->next_held == f->n_held)
        return read_row(f, row, e);
    *row = f->held[f->next_held++];
    return 1;
}

bool logfile_would_wait(const struct logfile *f)
{
    return f->next_held == f->n_held && lines_would_wait(f->lines);
}

void logfile_close(struct logfile *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_held; i++) {
        free((void *)f->held[i].cells);
        free((void *)f->held[i].why);
    }
    csv_close(f->csv);
    powerstat_close(f->powerstat);
    csv_map_release(&f->original);
    if (f->lines)
        lines_close(f->lines);
    free(f);
}
