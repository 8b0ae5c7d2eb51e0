#include "formats/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/stop.h"
#include "common/base/xalloc.h"

enum { BLOCK = 1 << 18, PEEK = 1 << 12, SPACE = LINES_MAX + BLOCK };

struct lines {
    int fd;
    const char *name;
    char *buf; /* SPACE + 1: room for the newline behind the last line */
    size_t start, end;
    bool plain; /* a file on disk: reading never waits */
    bool eof, begun, cut;
    bool skipping; /* the rest of a line that was too long */
    uint64_t number;
};

int lines_open(struct lines **out, const char *path, struct err *e)
{
    bool standard = !path || strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    struct lines *l;

    *out = NULL;
    if (fd < 0)
        return err_sys(e, "%s", path);
    l = *out = xcalloc(1, sizeof *l);
    l->fd = fd;
    l->plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    l->name = standard ? "standard input" : path;
    l->buf = xmalloc(SPACE + 1);
    return 0;
}

/* Read one block behind what is there. */
static int fill(struct lines *l, struct err *e)
{
    ssize_t n;

    if (l->start) {
        memmove(l->buf, l->buf + l->start, l->end - l->start);
        l->end -= l->start;
        l->start = 0;
    }
    do
        n = read(l->fd, l->buf + l->end, SPACE - l->end);
    while (n < 0 && errno == EINTR && !stop_requested());
    if (n < 0 && errno != EINTR)
        return err_sys(e, "%s", l->name);
    l->eof = n <= 0;
    l->end += n > 0 ? (size_t)n : 0;
    return 0;
}

static bool has_line(const struct lines *l)
{
    size_t at = l->start;

    while (at < l->end && strchr(" \t\r\n", l->buf[at]))
        at++;
    return memchr(l->buf + at, '\n', l->end - at) != NULL;
}

int lines_peek(struct lines *l, const char **text, size_t *len, struct err *e)
{
    while (!l->eof && l->end - l->start < PEEK && !has_line(l))
        if (fill(l, e) < 0)
            return -1;
    *text = l->buf + l->start;
    *len = l->end - l->start < PEEK ? l->end - l->start : PEEK;
    return 0;
}

bool lines_would_wait(const struct lines *l)
{
    return !l->plain && !l->eof &&
           !memchr(l->buf + l->start, '\n', l->end - l->start);
}

/* Hand out n bytes of the buffer as a line, of which `taken` are used up. */
static int deliver(struct lines *l, size_t n, size_t taken, char **text,
                   size_t *len)
{
    *text = l->buf + l->start;
    l->start += taken;
    l->number++;
    if (!l->begun && n >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        n -= 3;
    }
    l->begun = true;
    if (n && (*text)[n - 1] == '\r')
        n--;
    (*text)[n] = '\n';
    *len = n;
    return 1;
}

int lines_next(struct lines *l, char **text, size_t *len, struct err *e)
{
    size_t seen = 0, n;
    char *newline;

    l->cut = false;
    for (;;) {
        n = l->end - l->start;
        newline = memchr(l->buf + l->start + seen, '\n', n - seen);
        if (newline && !l->skipping) {
            n = (size_t)(newline - l->buf) - l->start;
            l->cut = n > LINES_MAX;
            return deliver(l, n, n + 1, text, len);
        }
        if (newline || l->skipping) {
            l->start = newline ? (size_t)(newline - l->buf) + 1 : l->end;
            l->skipping = !newline;
            n = l->end - l->start;
            if (newline)
                continue;
        } else if (n > LINES_MAX) {
            l->cut = l->skipping = true;
            return deliver(l, n, n, text, len);
        }
        if (l->eof)
            return n ? deliver(l, n, n, text, len) : 0;
        seen = n;
        if (fill(l, e) < 0)
            return -1;
    }
}

bool lines_cut(const struct lines *l)
{
    return l->cut;
}

const char *lines_name(const struct lines *l)
{
    return l->name;
}

uint64_t lines_number(const struct lines *l)
{
    return l->number;
}

void lines_close(struct lines *l)
{
    if (!l)
        return;
    if (l->fd != STDIN_FILENO)
        close(l->fd);
    free(l->buf);
    free(l);
}

void printable(char *out, size_t size, const char *text, size_t len)
{
    size_t n = len < size - 1 ? len : size - 1;

    for (size_t i = 0; i < n; i++)
        out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    out[n] = '\0';
}
