#include "formats/powerstat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "common/math/decimal.h"

enum {
    MAX_COLUMNS = 256,
    MAX_PREAMBLE = 1000, /* lines before the first heading */
    IGNORED = -1,
    DAY_S = 86400,
};

struct powerstat {
    struct lines *lines;
    struct channels channels;
    double max[MAX_COLUMNS]; /* of a channel; what is above it is corrupt */
    uint64_t *cells;         /* (channels.n) */
    int64_t interval_ns;
    int64_t day_ns;              /* when the current day began */
    int64_t last_s;              /* of the day; -1 before the first row */
    size_t n_columns;            /* of the heading in force, Time included */
    int channel_of[MAX_COLUMNS]; /* IGNORED where it is none */
    int missing;                 /* a channel this heading lacks, or IGNORED */
    uint64_t heading;            /* its line */
    bool in_summary;
    char why[192];
};

static const struct known {
    const char *heading, *name, *unit;
    double max;
} known[] = {
    {"User", "cpu.user", "%", 100},       {"Nice", "cpu.nice", "%", 100},
    {"Sys", "cpu.system", "%", 100},      {"Idle", "cpu.idle", "%", 100},
    {"IO", "cpu.iowait", "%", 100},       {"Run", "procs_running", "1", 1e9},
    {"Ctxt/s", "ctxt", "1/s", 1e12},      {"IRQ/s", "intr", "1/s", 1e12},
    {"Fork", "forks", "1/s", 1e9},        {"Exec", "exec", "1/s", 1e9},
    {"Exit", "exit", "1/s", 1e9},         {"core", "power:core", "W", 1e5},
    {"uncore", "power:uncore", "W", 1e5}, {"dram", "power:dram", "W", 1e5},
    {"psys", "power:psys", "W", 1e5},
};

/* The next word of a line that ends with '\n'; false if there is none. */
static inline bool next_word(const char **at, const char **word)
{
    const char *s = *at;

    while (*s == ' ' || *s == '\t')
        s++;
    *word = s;
    while (*s != ' ' && *s != '\t' && *s != '\n')
        s++;
    *at = s;
    return s > *word;
}

static bool is_heading(const char *text)
{
    const char *word;

    return next_word(&text, &word) && text - word == 4 &&
           memcmp(word, "Time", 4) == 0;
}

/* The channel a heading stands for: 1, or 0 if for none. */
static int channel_name(const char *word, size_t len, char *name, size_t size,
                        const char **unit, double *max)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].heading) != len ||
            memcmp(known[i].heading, word, len) != 0)
            continue;
        snprintf(name, size, "%s", known[i].name);
        *unit = known[i].unit;
        *max = known[i].max;
        return 1;
    }
    if (len < 5 || len > 12 || memcmp(word, "pkg-", 4) != 0)
        return 0;
    snprintf(name, size, "power:package-%.*s", (int)len - 4, word + 4);
    *unit = "W";
    *max = 1e5;
    return 1;
}

/*
 * The index of that channel, which the first heading creates.  A domain that
 * is named again belongs to a further package.
 */
static int find_channel(struct powerstat *p, const char *name, const char *unit,
                        double max, const bool *used)
{
    bool domain = strcmp(unit, "W") == 0;
    char full[64];
    int c;

    snprintf(full, sizeof full, "%s", name);
    for (int k = 1;; k++) {
        c = channels_find(&p->channels, full);
        if (c < 0 || !used[c])
            break;
        if (!domain)
            return IGNORED;
        snprintf(full, sizeof full, "%s-%d", name, k);
    }
    if (c >= 0 || p->heading)
        return c;
    c = (int)channels_add(&p->channels, full, unit, CHANNEL_F64, CHANNEL_GAUGE,
                          0);
    p->max[c] = max;
    return c;
}

static int read_heading(struct powerstat *p, const char *text, struct err *e)
{
    bool used[MAX_COLUMNS] = {false};
    const char *word, *unit;
    char name[40];
    double max;
    int c;

    p->n_columns = 0;
    while (next_word(&text, &word)) {
        if (p->n_columns == MAX_COLUMNS)
            return err_set(e, ERR_DATA, "%s:%" PRIu64 ": more than %d columns",
                           lines_name(p->lines), lines_number(p->lines),
                           MAX_COLUMNS);
        c = IGNORED;
        if (channel_name(word, (size_t)(text - word), name, sizeof name, &unit,
                         &max))
            c = find_channel(p, name, unit, max, used);
        if (c >= 0)
            used[c] = true;
        p->channel_of[p->n_columns++] = c;
    }
    p->missing = IGNORED;
    for (size_t i = 0; i < p->channels.n; i++)
        if (!used[i])
            p->missing = (int)i;
    p->heading = lines_number(p->lines);
    p->in_summary = false;
    return 0;
}

/* "Running for 60.0 seconds (60 samples at 1.0 second intervals)." */
static void read_preamble(struct powerstat *p, const char *text, size_t len)
{
    static const char mark[] = " second intervals";
    const char *end = memmem(text, len, mark, sizeof mark - 1);
    const char *s = end;
    int64_t ns;

    if (!end)
        return;
    while (s > text && s[-1] != ' ')
        s--;
    if (decimal_scaled(s, end, 9, &ns) && ns > 0)
        p->interval_ns = ns;
}

/* Find the first heading: 1, 0 if all lines are blank, -1 if there is none. */
static int find_heading(struct powerstat *p, struct err *e)
{
    bool blank = true;
    size_t len;
    char *text;
    int rc = 1;

    while (lines_number(p->lines) < MAX_PREAMBLE) {
        rc = lines_next(p->lines, &text, &len, e);
        if (rc < 0 || (rc == 0 && blank))
            return rc;
        if (rc == 0)
            break;
        if (is_heading(text))
            return read_heading(p, text, e) < 0 ? -1 : 1;
        blank = blank && strspn(text, " \t") >= len;
        read_preamble(p, text, len);
    }
    return err_set(e, ERR_DATA,
                   "%s: no powerstat log: no heading (Time User Nice ...)",
                   lines_name(p->lines));
}

int powerstat_open(struct powerstat **out, struct lines *l, int64_t day_ns,
                   struct err *e)
{
    struct powerstat *p = *out = xcalloc(1, sizeof *p);
    int rc;

    p->lines = l;
    p->day_ns = day_ns;
    p->last_s = -1;
    rc = find_heading(p, e);
    if (rc > 0 && p->channels.n == 0)
        rc = err_set(e, ERR_DATA, "%s:%" PRIu64 ": no known column",
                     lines_name(l), p->heading);
    if (rc >= 0) {
        p->cells = xcalloc(p->channels.n, sizeof *p->cells);
        return 0;
    }
    powerstat_close(p);
    *out = NULL;
    return -1;
}

const struct channels *powerstat_channels(const struct powerstat *p)
{
    return &p->channels;
}

int64_t powerstat_interval_ns(const struct powerstat *p)
{
    return p->interval_ns;
}

static inline int two_digits(const char *s)
{
    unsigned tens = (unsigned)(s[0] - '0'), ones = (unsigned)(s[1] - '0');

    return tens < 10 && ones < 10 ? (int)(tens * 10 + ones) : -1;
}

/* Seconds of the day from "HH:MM:SS", or -1. */
static int64_t read_clock(const char *word, size_t len)
{
    int h, m, s;

    if (len != 8 || word[2] != ':' || word[5] != ':')
        return -1;
    h = two_digits(word);
    m = two_digits(word + 3);
    s = two_digits(word + 6);
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60)
        return -1;
    return h * 3600 + m * 60 + s;
}

static bool begins_with_clock(const char *text)
{
    const char *word;

    return next_word(&text, &word) &&
           read_clock(word, (size_t)(text - word)) >= 0;
}

static void refuse(struct powerstat *p, int c, const char *word, size_t len,
                   const char *problem)
{
    char shown[32];

    printable(shown, sizeof shown, word, len);
    snprintf(p->why, sizeof p->why, "%s: '%s' %s",
             c < 0 ? "Time" : p->channels.at[c].name, shown, problem);
}

/* Fill the cells from the words after the clock; false with why set. */
static bool read_cells(struct powerstat *p, const char *text)
{
    const char *word;
    size_t n = 1;
    double v;

    for (; next_word(&text, &word); n++) {
        int c = n < p->n_columns ? p->channel_of[n] : IGNORED;

        if (c < 0)
            continue;
        if (!decimal_parse(word, text, &v)) {
            refuse(p, c, word, (size_t)(text - word), "is no number");
            return false;
        }
        if (v < 0 || v > p->max[c]) {
            refuse(p, c, word, (size_t)(text - word), "is out of range");
            return false;
        }
        p->cells[c] = bits_of_f64(v);
    }
    if (n == p->n_columns)
        return true;
    snprintf(p->why, sizeof p->why, "%zu fields, %zu columns", n, p->n_columns);
    return false;
}

static void read_row(struct powerstat *p, const char *text, struct log_row *row)
{
    const char *word;
    int64_t s;

    next_word(&text, &word);
    s = read_clock(word, (size_t)(text - word));
    row->line = lines_number(p->lines);
    row->cells = p->cells;
    row->why = p->why;
    if (lines_cut(p->lines)) {
        snprintf(p->why, sizeof p->why, "longer than 1 MiB");
    } else if (s < 0) {
        refuse(p, IGNORED, word, (size_t)(text - word), "is no HH:MM:SS");
    } else if (p->missing >= 0) {
        snprintf(p->why, sizeof p->why,
                 "the heading of line %" PRIu64 " has no column for %s",
                 p->heading, p->channels.at[p->missing].name);
    } else if (read_cells(p, text)) {
        row->why = NULL;
        /* midnight; less is a clock set back, and no log lasts for centuries */
        if (s < p->last_s - DAY_S / 2 && p->day_ns < INT64_MAX / 2)
            p->day_ns += DAY_S * NS_PER_S;
        p->last_s = s;
        row->t_ns = p->day_ns + s * NS_PER_S;
    }
}

int powerstat_next(struct powerstat *p, struct log_row *row, struct err *e)
{
    size_t len;
    char *text;
    int rc;

    while ((rc = lines_next(p->lines, &text, &len, e)) > 0) {
        if (is_heading(text)) {
            if (read_heading(p, text, e) < 0)
                return -1;
        } else if (len >= 8 && memcmp(text, "--------", 8) == 0) {
            p->in_summary = true;
        } else if (p->in_summary ? begins_with_clock(text)
                                 : strspn(text, " \t") < len) {
            p->in_summary = false;
            read_row(p, text, row);
            return 1;
        }
    }
    return rc;
}

void powerstat_close(struct powerstat *p)
{
    if (!p)
        return;
    channels_release(&p->channels);
    free(p->cells);
    free(p);
}

bool powerstat_guess(const char *text, size_t len)
{
    static const char begin[] = "Running for ", heading[] = " Ctxt/s ";

    return (len > sizeof begin && memcmp(text, begin, sizeof begin - 1) == 0) ||
           memmem(text, len, heading, sizeof heading - 1) != NULL;
}
