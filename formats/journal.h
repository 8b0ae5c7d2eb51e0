#ifndef FORMATS_JOURNAL_H
#define FORMATS_JOURNAL_H

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * What happened, in order: JSON objects of texts and numbers, one a line, each
 * on the disk before the next thing is done.  Keys `time` (UTC) and `event`
 * come first.  A line that was cut by a crash stays as it is; readers leave it
 * out.
 */
struct journal;

enum { JOURNAL_MAX = 1000000 /* lines */, JOURNAL_MAX_KEYS = 100 };

/* Open for appending; made where there is none.  0, or -1 with e filled. */
int journal_open(struct journal **j, const char *path, struct err *e);

/* Append a line, now; `more` NULL: nothing but the event. */
int journal_add(struct journal *j, const char *event, const struct labels *more,
                struct err *e);

void journal_close(struct journal *j); /* NULL is legal */

/* All of it.  Start with {0}. */
struct journal_lines {
    struct labels *at; /* one set of labels a line */
    size_t n, cap;
    size_t damaged; /* lines that are no objects of texts and numbers */
};

/* 0, or -1 with e filled: it cannot be read, or is longer than the limit. */
int journal_read(struct journal_lines *ls, const char *path, struct err *e);
void journal_lines_release(struct journal_lines *ls);

/* One line (n bytes), which is to be released: 0, or -1 if it is damaged. */
int journal_parse(struct labels *entry, const char *text, size_t n);

#endif
