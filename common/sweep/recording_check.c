#include "common/sweep/recording_check.h"

#include <string.h>

#include "formats/stream.h"

static void take_block(struct recording *r, const struct block *b)
{
    if (b->n == 0)
        return;
    if (r->rows == 0)
        r->first_ns = b->t_ns[0];
    r->last_ns = b->t_ns[b->n - 1];
    r->rows += b->n;
}

static void take_mark(struct recording *r, const struct mark *m)
{
    r->gaps += m->kind == MARK_GAP;
    r->missed += m->kind == MARK_GAP ? (uint64_t)m->value : 0;
    r->resets += m->kind == MARK_RESET;
    r->clock_steps += m->kind == MARK_CLOCK;
    if (m->kind == MARK_NOTE && strcmp(m->text, NOTE_BEGINS) == 0)
        r->begin_ns = m->t_ns;
    if (m->kind == MARK_NOTE && strcmp(m->text, NOTE_ENDS) == 0)
        r->end_ns = m->t_ns;
}

int recording_check(struct recording *r, const char *path, struct err *e)
{
    struct stream_reader *in = NULL;
    struct stream_item item;
    int rc = stream_reader_open(&in, path, STREAM_SAMPLE, e);

    *r = (struct recording){0};
    if (rc == 0)
        rc = stream_next(in, &item, e);
    for (; rc > 0; rc = stream_next(in, &item, e)) {
        if (item.kind == ITEM_BLOCK)
            take_block(r, &item.block);
        else if (item.kind == ITEM_MARK)
            take_mark(r, &item.mark);
    }
    stream_reader_close(in);
    if (rc == 0 && (r->begin_ns == 0 || r->end_ns <= r->begin_ns))
        return err_set(e, ERR_DATA,
                       "%s: does not say when the load began and ended", path);
    return rc;
}
