#include "formats/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "common/base/pack.h"
#include "common/base/stop.h"
#include "common/base/write_all.h"
#include "common/base/xalloc.h"
#include "formats/output.h"

enum {
    DEFAULT_LEVEL = 3,
    WINDOW_LOG = 20,
    INPUT_SIZE = 1 << 17,
};

/* ---- writing ---- */

struct frame_writer {
    char *name;
    int fd;
    bool own_fd, in_frame;
    bool failed; /* to write: what comes after a hole is worth nothing */
    ZSTD_CCtx *z;
    uint64_t bytes;
    size_t out_size;
    uint8_t out[];
};

static int open_output(const char *path, const char **name, struct err *e)
{
    *name = output_is_stdout(path) ? "standard output" : path;
    if (output_is_stdout(path) && isatty(STDOUT_FILENO))
        return err_set(e, ERR_USAGE,
                       "standard output is a terminal, and a stream is "
                       "binary: send it to a pipe or a file (-o FILE)");
    return output_open(path, e);
}

int frame_writer_open(struct frame_writer **w, const char *path, int level,
                      struct err *e)
{
    size_t out_size = ZSTD_CStreamOutSize();
    const char *name;
    int fd = open_output(path, &name, e);

    *w = NULL;
    if (fd < 0)
        return -1;
    *w = xcalloc(1, sizeof **w + out_size);
    (*w)->name = xstrdup(name);
    (*w)->fd = fd;
    (*w)->own_fd = fd != STDOUT_FILENO;
    (*w)->out_size = out_size;
    (*w)->z = ZSTD_createCCtx();
    if (!(*w)->z)
        return err_set(e, ERR_SYSTEM, "%s: zstd: out of memory", name);
    ZSTD_CCtx_setParameter((*w)->z, ZSTD_c_compressionLevel,
                           level ? level : DEFAULT_LEVEL);
    ZSTD_CCtx_setParameter((*w)->z, ZSTD_c_windowLog, WINDOW_LOG);
    ZSTD_CCtx_setParameter((*w)->z, ZSTD_c_checksumFlag, 1);
    return 0;
}

static int write_out(struct frame_writer *w, const uint8_t *p, size_t n,
                     struct err *e)
{
    if (w->failed)
        return err_set(e, ERR_SYSTEM, "%s: not written, as something before it",
                       w->name);
    if (write_all(w->fd, p, n) < 0) {
        w->failed = true;
        return err_sys(e, "%s", w->name);
    }
    w->bytes += n;
    return 0;
}

/* Feed zstd until it has taken the input and, but for `continue`, given all. */
static int compress(struct frame_writer *w, const void *data, size_t n,
                    ZSTD_EndDirective what, struct err *e)
{
    ZSTD_inBuffer in = {data, n, 0};
    size_t left;

    do {
        ZSTD_outBuffer out = {w->out, w->out_size, 0};

        left = ZSTD_compressStream2(w->z, &out, &in, what);
        if (ZSTD_isError(left))
            return err_set(e, ERR_SYSTEM, "%s: zstd: %s", w->name,
                           ZSTD_getErrorName(left));
        if (write_out(w, w->out, out.pos, e) < 0)
            return -1;
    } while (what == ZSTD_e_continue ? in.pos < in.size : left > 0);
    return 0;
}

int frame_write(struct frame_writer *w, const void *data, size_t n,
                struct err *e)
{
    w->in_frame = true;
    return compress(w, data, n, ZSTD_e_continue, e);
}

int frame_flush(struct frame_writer *w, struct err *e)
{
    return w->in_frame ? compress(w, NULL, 0, ZSTD_e_flush, e) : 0;
}

int frame_end(struct frame_writer *w, struct err *e)
{
    if (!w->in_frame)
        return 0;
    w->in_frame = false;
    return compress(w, NULL, 0, ZSTD_e_end, e);
}

int frame_break(struct frame_writer *w, struct err *e)
{
    uint8_t magic[4];

    if (w->in_frame)
        return frame_flush(w, e);
    store_u32(magic, ZSTD_MAGICNUMBER); /* zstd begins none that is empty */
    return write_out(w, magic, sizeof magic, e);
}

int frame_writer_close(struct frame_writer *w, struct err *e)
{
    int status = 0;

    if (!w)
        return 0;
    if (w->own_fd && close(w->fd) < 0)
        status = err_sys(e, "%s", w->name);
    ZSTD_freeCCtx(w->z);
    free(w->name);
    free(w);
    return status;
}

uint64_t frame_writer_bytes(const struct frame_writer *w)
{
    return w->bytes;
}

/* ---- reading ---- */

enum frame_mode { MODE_UNKNOWN, MODE_RAW, MODE_ZSTD };

struct frame_reader {
    char *name;
    int fd;
    enum frame_mode mode;
    bool eof, stopped;
    bool mid_frame; /* zstd owes us the rest of a frame */
    ZSTD_DCtx *z;
    int (*idle)(void *arg, struct err *e);
    void *idle_arg;
    size_t pos, len; /* of in[] */
    size_t plain_pos, plain_len;
    uint8_t in[INPUT_SIZE];
    uint8_t plain[INPUT_SIZE]; /* what zstd made of it */
};

int frame_reader_open(struct frame_reader **r, const char *path, struct err *e)
{
    bool std = !path || strcmp(path, "-") == 0;
    int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    *r = NULL;
    if (fd < 0)
        return err_sys(e, "%s", path);
    if (std && isatty(fd))
        return err_set(e, ERR_USAGE,
                       "standard input is a terminal: name a file or pipe a "
                       "stream in");
    *r = xcalloc(1, sizeof **r);
    (*r)->name = xstrdup(std ? "standard input" : path);
    (*r)->fd = fd;
    (*r)->z = ZSTD_createDCtx();
    if (!(*r)->z)
        return err_set(e, ERR_SYSTEM, "%s: zstd: out of memory", (*r)->name);
    return 0;
}

static bool would_wait(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

/* Add to in[] what one read gives; eof or stopped where it gives nothing. */
static int fill(struct frame_reader *r, struct err *e)
{
    ssize_t got;

    if (r->pos > 0) {
        memmove(r->in, r->in + r->pos, r->len - r->pos);
        r->len -= r->pos;
        r->pos = 0;
    }
    if (r->idle && would_wait(r->fd) && r->idle(r->idle_arg, e) < 0)
        return -1;
    do {
        if (stop_requested()) {
            r->eof = r->stopped = true;
            return 0;
        }
        got = read(r->fd, r->in + r->len, sizeof r->in - r->len);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_sys(e, "%s", r->name);
    if (got == 0)
        r->eof = true;
    r->len += (size_t)got;
    return 0;
}

/* Compressed or not?  The first four bytes tell. */
static int choose_mode(struct frame_reader *r, struct err *e)
{
    uint32_t magic;

    while (r->len - r->pos < 4 && !r->eof)
        if (fill(r, e) < 0)
            return -1;
    r->mode = MODE_RAW;
    if (r->len - r->pos < 4)
        return 0; /* too short for either; the caller sees how short */
    magic = load_u32(r->in + r->pos);
    if (magic == ZSTD_MAGICNUMBER ||
        (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
        r->mode = MODE_ZSTD;
    return 0;
}

/* Decompress into plain[] what the input at hand gives. */
static int inflate_some(struct frame_reader *r, struct err *e)
{
    ZSTD_outBuffer to = {r->plain, sizeof r->plain, 0};
    ZSTD_inBuffer from = {r->in, r->len, r->pos};
    size_t left = ZSTD_decompressStream(r->z, &to, &from);

    if (ZSTD_isError(left))
        return err_set(e, ERR_DATA, "%s: damaged zstd frame (%s)", r->name,
                       ZSTD_getErrorName(left));
    r->pos = from.pos;
    r->plain_pos = 0;
    r->plain_len = to.pos;
    r->mid_frame = left != 0;
    if (left == 0)
        r->mode = MODE_UNKNOWN; /* what comes next tells itself */
    return 0;
}

/*
 * Make some plain bytes available.  Returns 1 when there are some, 0 at the
 * end of the input, -1 on error.
 */
static int refill(struct frame_reader *r, struct err *e)
{
    for (;;) {
        if (r->plain_pos < r->plain_len)
            return 1;
        if (r->mode == MODE_UNKNOWN && choose_mode(r, e) < 0)
            return -1;
        if (r->mode == MODE_RAW && r->pos < r->len)
            return 1;
        if (r->mode == MODE_ZSTD) {
            size_t before = r->pos;

            if (inflate_some(r, e) < 0)
                return -1;
            if (r->plain_len > 0 || r->pos > before || !r->mid_frame)
                continue;
        }
        if (r->eof)
            return 0;
        if (fill(r, e) < 0)
            return -1;
    }
}

int frame_read(struct frame_reader *r, void *out, size_t n, size_t *got,
               struct err *e)
{
    uint8_t *to = out;
    int status = 1;

    *got = 0;
    while (*got < n && (status = refill(r, e)) > 0) {
        bool plain = r->plain_pos < r->plain_len;
        size_t *pos = plain ? &r->plain_pos : &r->pos;
        size_t have = (plain ? r->plain_len : r->len) - *pos;
        size_t take = have < n - *got ? have : n - *got;

        memcpy(to + *got, (plain ? r->plain : r->in) + *pos, take);
        *pos += take;
        *got += take;
    }
    return status;
}

void frame_boundary(struct frame_reader *r)
{
    if (r->mode == MODE_RAW)
        r->mode = MODE_UNKNOWN;
}

bool frame_incomplete(const struct frame_reader *r)
{
    return r->mid_frame && !r->stopped;
}

bool frame_stopped(const struct frame_reader *r)
{
    return r->stopped;
}

void frame_on_idle(struct frame_reader *r,
                   int (*idle)(void *arg, struct err *e), void *arg)
{
    r->idle = idle;
    r->idle_arg = arg;
}

int frame_reader_fd(const struct frame_reader *r)
{
    return r->fd;
}

const char *frame_reader_name(const struct frame_reader *r)
{
    return r->name;
}

void frame_reader_close(struct frame_reader *r)
{
    if (!r)
        return;
    if (r->fd != STDIN_FILENO)
        close(r->fd);
    ZSTD_freeDCtx(r->z);
    free(r->name);
    free(r);
}
