#include "common/recorder/notes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "formats/lines.h"

int notes_open(struct notes *ns, const char *path, struct err *e)
{
    *ns = (struct notes){.fd = STDIN_FILENO};
    if (strcmp(path, "-") == 0)
        return 0;
    /* one end of a FIFO alone would wait for the other */
    ns->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return ns->fd < 0 ? err_sys(e, "%s", path) : 0;
}

/*
 * A byte at a time: notes are few, and what stays in the pipe costs nothing.
 * Returns 1, 0 where there is none now, -1 at the end.  Standard input ends;
 * a FIFO may get another writer, and a file may grow.
 */
static int next_byte(const struct notes *ns, char *c)
{
    struct pollfd p = {.fd = ns->fd, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, 0) <= 0 || p.revents == 0)
        return 0;
    n = read(ns->fd, c, 1);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return n > 0 ? 1 : ns->fd == STDIN_FILENO ? -1 : 0;
}

static const char *deliver(struct notes *ns)
{
    printable(ns->text, sizeof ns->text, ns->line, ns->n);
    ns->n = 0;
    return ns->text;
}

const char *notes_next(struct notes *ns)
{
    char c;
    int more;

    while (ns->fd >= 0 && (more = next_byte(ns, &c)) != 0) {
        if (more < 0) {
            notes_close(ns);
            return ns->n > 0 ? deliver(ns) : NULL;
        }
        if (c == '\n' && ns->n > 0)
            return deliver(ns);
        if (c != '\n' && ns->n < NOTE_MAX)
            ns->line[ns->n++] = c;
    }
    return NULL;
}

void notes_close(struct notes *ns)
{
    if (ns->fd > STDIN_FILENO)
        close(ns->fd);
    ns->fd = -1;
}
