#ifndef FORMATS_LOGFILE_H
#define FORMATS_LOGFILE_H

#include "formats/csvmap.h"
#include "formats/lines.h"

/*
 * The log of another program, whatever its format: channels, an interval, and
 * rows that are as good or bad as they were written.
 */
enum logfile_format {
    LOGFILE_CSV,      /* any table, by a map: csv.h */
    LOGFILE_ORIGINAL, /* the table of the original collector */
    LOGFILE_POWERSTAT,
    LOGFILE_GUESS, /* the last two, told apart by how the file begins */
};

struct logfile;

/*
 * Open a log (NULL or "-": standard input).  map is kept, and only used for
 * LOGFILE_CSV; day_ns is for powerstat, whose clock has no date.  ERR_USAGE
 * where the format cannot be guessed, ERR_DATA where the file is not of it.
 * An empty file is a log without rows.
 */
int logfile_open(struct logfile **f, const char *path,
                 enum logfile_format format, const struct csv_map *map,
                 int64_t day_ns, struct err *e);

/* Borrowed until the close. */
const struct channels *logfile_channels(const struct logfile *f);
const char *logfile_name(const struct logfile *f); /* for messages */
const char *logfile_path(const struct logfile *f); /* as given, or "-" */
enum logfile_format logfile_format(const struct logfile *f);

/*
 * Nominal ns between rows, > 0: what the map or the log says, or the median
 * step of its first 64 rows, to two digits; 1 s where there is but one row.
 */
int64_t logfile_interval_ns(const struct logfile *f);

/* The next row, borrowed until the next call: 1, 0 at the end, -1 on error. */
int logfile_next(struct logfile *f, struct log_row *row, struct err *e);

/* Would logfile_next() wait for somebody to write? */
bool logfile_would_wait(const struct logfile *f);
void logfile_close(struct logfile *f);

#endif
