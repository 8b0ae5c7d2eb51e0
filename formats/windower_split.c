#include "formats/windower.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/pack.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "formats/windower_parts.h"

/* Open an unnamed file in $TMPDIR; `path` opens it again. */
static int spool_open(char *path, size_t size, struct err *e)
{
    const char *dir = getenv("TMPDIR");
    char *name = xasprintf("%s/rapl-window.XXXXXX", dir && *dir ? dir : "/tmp");
    int fd = mkostemp(name, O_CLOEXEC);

    if (fd < 0)
        err_sys(e, "%s: cannot be made (set TMPDIR to a folder with room)",
                name);
    else
        log_verbose("a split needs all runs first: windows wait in %s", name);
    if (fd >= 0)
        unlink(name);
    free(name);
    snprintf(path, size, "/proc/self/fd/%d", fd);
    return fd;
}

static uint64_t cell_of(const void *column, enum channel_type type, size_t i)
{
    return type == CHANNEL_U8 ? ((const uint8_t *)column)[i]
                              : bits_of_f32(((const float *)column)[i]);
}

/* Copy a block, with the parts of its windows; row: of its first row. */
static int copy_block(struct windower *w, const struct stream_header *h,
                      const struct split_run *run, uint64_t row,
                      const struct block *b, struct err *e)
{
    size_t last = h->channels.n - 1;
    const uint8_t *steady = b->column[last];

    for (size_t i = 0; i < b->n; i++, row++) {
        uint8_t part = run->part;

        if (w->o->split.kind == SPLIT_TIME)
            part = split_time(&w->o->split, run->rows, row,
                              window_span(&w->o->spec));
        for (size_t c = 0; c < last; c++)
            w->cells[c] = cell_of(b->column[c], h->channels.at[c].type, i);
        part = windower_part(part, steady[i]);
        w->cells[last] = part;
        w->stats->n_part[part]++;
        if (stream_writer_row(w->out, b->t_ns[i], w->cells, e) < 0)
            return -1;
    }
    return 0;
}

/* Copy what was derived from the spool to the output, with parts. */
static int copy_with_parts(struct windower *w, const char *spool, struct err *e)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    size_t segment = 0;
    uint64_t row = 0;
    int rc = stream_reader_open(&r, spool, STREAM_WINDOW, e);

    memset(w->stats->n_part, 0, sizeof w->stats->n_part);
    while (rc >= 0 && (rc = stream_next(r, &item, e)) > 0) {
        switch (item.kind) {
        case ITEM_SEGMENT:
            segment++;
            row = 0;
            rc = stream_writer_begin(w->out, stream_reader_header(r), e);
            break;
        case ITEM_BLOCK:
            rc = copy_block(w, stream_reader_header(r), &w->runs[segment - 1],
                            row, &item.block, e);
            row += item.block.n;
            break;
        case ITEM_MARK:
            rc = stream_writer_mark(w->out, &item.mark, e);
            break;
        case ITEM_TRAILER:
            break;
        case ITEM_END:
            rc = stream_writer_end(w->out, e);
            break;
        }
    }
    stream_reader_close(r);
    return rc;
}

/* Derive into the spool, choose the parts, and copy: w->out is the output. */
int windower_split(struct windower *w, char **files, int n, struct err *e)
{
    struct stream_writer *out = w->out;
    char spool[32];
    int fd = spool_open(spool, sizeof spool, e);
    int rc = fd < 0 ? -1 : 0;

    w->out = NULL;
    if (rc == 0)
        rc = stream_writer_open(&w->out, spool, 1, e);
    if (rc == 0)
        rc = windower_derive(w, files, n, e);
    if (rc < 0)
        stream_writer_abandon(w->out);
    else
        rc = stream_writer_close(w->out, e);
    if (rc < 0 && strstr(e->msg, spool))
        err_prefix(e, "the temporary file in $TMPDIR");
    w->out = out;
    stop_forget(); /* the input has ended; what came of it is still due */
    if (rc == 0 && w->o->split.kind != SPLIT_TIME)
        rc = split_runs(&w->o->split, w->runs, w->n_runs, e);
    if (rc == 0)
        rc = copy_with_parts(w, spool, e);
    if (fd >= 0)
        close(fd);
    return rc;
}
