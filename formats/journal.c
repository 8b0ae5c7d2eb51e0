#include "formats/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/write_all.h"
#include "common/base/xalloc.h"
#include "formats/config.h"
#include "formats/json.h"
#include "formats/lines.h"

struct journal {
    int fd;
    char *path;
};

/* A line that was cut is ended, so that the next one is whole. */
static int end_line(struct journal *j, struct err *e)
{
    off_t size = lseek(j->fd, 0, SEEK_END);
    char last = '\n';

    if (size > 0 && pread(j->fd, &last, 1, size - 1) != 1)
        return err_sys(e, "%s", j->path);
    if (last != '\n' && write(j->fd, "\n", 1) != 1)
        return err_sys(e, "%s", j->path);
    return 0;
}

int journal_open(struct journal **j, const char *path, struct err *e)
{
    struct journal *new = xcalloc(1, sizeof *new);

    *j = NULL;
    new->path = xstrdup(path);
    new->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (new->fd < 0)
        err_sys(e, "%s", path);
    if (new->fd < 0 || end_line(new, e) < 0) {
        journal_close(new);
        return -1;
    }
    *j = new;
    return 0;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    free(j->path);
    free(j);
}

static void set_time(struct labels *line)
{
    int64_t now = clock_realtime_ns();
    time_t s = now / NS_PER_S;
    struct tm tm;
    char text[32] = "";

    if (gmtime_r(&s, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    labels_setf(line, "time", "%s.%03dZ", text,
                (int)(now % NS_PER_S / NS_PER_MS));
}

static int append(struct journal *j, const char *text, size_t len,
                  struct err *e)
{
    if (write_all(j->fd, text, len) < 0 || fdatasync(j->fd) < 0)
        return err_sys(e, "%s", j->path);
    return 0;
}

int journal_add(struct journal *j, const char *event, const struct labels *more,
                struct err *e)
{
    struct labels line = {0};
    char *text;
    int rc;

    set_time(&line);
    labels_set(&line, "event", event);
    if (more)
        labels_merge(&line, more, "");
    text = json_of_labels(&line);
    rc = append(j, text, strlen(text), e);
    free(text);
    labels_release(&line);
    return rc;
}

/* ---- reading ---- */

int journal_parse(struct labels *entry, const char *text, size_t n)
{
    struct node *root = NULL;
    struct err ignored;
    int rc = -1;

    *entry = (struct labels){0};
    if (n == 0 || *text != '{' ||
        config_parse(&root, "journal", text, n, &ignored) < 0)
        return -1;
    if (root->kind == NODE_MAP && root->n > 0 && root->n <= JOURNAL_MAX_KEYS)
        rc = 0;
    for (size_t i = 0; i < root->n && rc == 0; i++)
        if (root->item[i]->kind == NODE_SCALAR)
            labels_set(entry, root->key[i]->text, root->item[i]->text);
        else
            rc = -1;
    node_free(root);
    return rc;
}

static int add(struct journal_lines *ls, const char *text, size_t n,
               const char *path, struct err *e)
{
    struct labels entry;

    if (n == 0)
        return 0;
    if (ls->n + ls->damaged == JOURNAL_MAX)
        return err_set(e, ERR_DATA, "%s: more than %d lines", path,
                       JOURNAL_MAX);
    if (journal_parse(&entry, text, n) < 0) {
        labels_release(&entry);
        ls->damaged++;
        return 0;
    }
    ls->at = xgrow(ls->at, ls->n, &ls->cap, sizeof *ls->at);
    ls->at[ls->n++] = entry;
    return 0;
}

int journal_read(struct journal_lines *ls, const char *path, struct err *e)
{
    struct lines *l;
    size_t len;
    char *text;
    int rc = lines_open(&l, path, e);

    if (rc < 0)
        return -1;
    while ((rc = lines_next(l, &text, &len, e)) > 0)
        if (add(ls, text, len, path, e) < 0) {
            rc = -1;
            break;
        }
    lines_close(l);
    return rc;
}

void journal_lines_release(struct journal_lines *ls)
{
    for (size_t i = 0; i < ls->n; i++)
        labels_release(&ls->at[i]);
    free(ls->at);
    *ls = (struct journal_lines){0};
}
