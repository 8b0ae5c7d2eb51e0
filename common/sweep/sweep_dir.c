#include "common/sweep/sweep_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/write_all.h"
#include "common/base/xalloc.h"

static const char *const folders[] = {"", "/runs", "/bad", "/logs", "/scratch"};

static int make_folder(const char *path, struct err *e)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return err_sys(e, "%s", path);
}

int sweep_dir_open(struct sweep_dir *d, const char *path, bool make,
                   struct err *e)
{
    int rc = make ? make_folder(path, e) : 0;

    *d = (struct sweep_dir){.lock_fd = -1};
    if (rc == 0 && !(d->path = realpath(path, NULL)))
        rc = err_sys(e, "%s", path);
    for (size_t i = 1; make && rc == 0 && i < 5; i++) {
        char *folder = xasprintf("%s%s", d->path, folders[i]);

        rc = make_folder(folder, e);
        free(folder);
    }
    if (rc == 0 && !make) {
        char *file = sweep_dir_file(d, "settings", "json", NULL);

        if (access(file, R_OK) < 0)
            rc = err_set(e, ERR_USAGE, "%s: no sweep was begun there", path);
        free(file);
    }
    return rc;
}

char *sweep_dir_file(const struct sweep_dir *d, const char *folder,
                     const char *name, const char *suffix)
{
    if (!suffix) /* of the folder itself: name and suffix */
        return xasprintf("%s/%s.%s", d->path, folder, name);
    return xasprintf("%s/%s/%s.%s", d->path, folder, name, suffix);
}

/* ---- locks ---- */

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int sweep_dir_lock(struct sweep_dir *d, struct err *e)
{
    char *file = xasprintf("%s/lock", d->path);
    char *journal = sweep_dir_file(d, "journal", "jsonl", NULL);
    struct flock all = whole_file();
    int rc = 0;

    d->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->lock_fd < 0)
        rc = err_sys(e, "%s", file);
    else if (fcntl(d->lock_fd, F_SETLK, &all) < 0)
        rc = err_set(e, ERR_SYSTEM,
                     "%s: a sweep is at work there, process %d; 'stress-sweep "
                     "stop' ends it",
                     d->path, (int)sweep_dir_holder(d));
    if (rc == 0)
        rc = journal_open(&d->journal, journal, e);
    free(journal);
    free(file);
    return rc;
}

pid_t sweep_dir_holder(const struct sweep_dir *d)
{
    char *file = xasprintf("%s/lock", d->path);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct flock all = whole_file();
    pid_t holder = 0;

    if (fd >= 0 && fcntl(fd, F_GETLK, &all) == 0 && all.l_type != F_UNLCK)
        holder = all.l_pid;
    if (fd >= 0)
        close(fd);
    free(file);
    return holder;
}

void sweep_dir_close(struct sweep_dir *d)
{
    journal_close(d->journal);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    free(d->path);
    *d = (struct sweep_dir){.lock_fd = -1};
}

/* Who listens at the address. */
static pid_t listener(const struct sockaddr_un *at, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred who = {0};
    socklen_t size = sizeof who;

    if (fd >= 0 && connect(fd, (const struct sockaddr *)at, len) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
        who.pid = 0;
    if (fd >= 0)
        close(fd);
    return who.pid;
}

int sweep_machine_lock(const char *name, struct err *e)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len;

    /* An abstract address: no file, and gone with its process. */
    len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                      (size_t)snprintf(at.sun_path + 1, sizeof at.sun_path - 1,
                                       "%.90s", name));
    if (fd < 0)
        return err_sys(e, "no lock");
    if (bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 64) == 0)
        return 0; /* stays open */
    if (errno == EADDRINUSE)
        err_set(e, ERR_SYSTEM,
                "another sweep is at work on this machine, process %d; wait "
                "for it, or stop it",
                (int)listener(&at, len));
    else
        err_sys(e, "no lock");
    close(fd);
    return -1;
}

/* ---- what is kept ---- */

/* Bring a file or a folder to the disk. */
static int sync_path(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;

    if (fd < 0 || fsync(fd) < 0)
        rc = err_sys(e, "%s", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

int sweep_dir_move(const char *from, const char *to, struct err *e)
{
    char *folder = xasprintf("%.*s", (int)(strrchr(to, '/') - to), to);
    int rc = sync_path(from, e);

    if (rc == 0 && rename(from, to) < 0)
        rc = err_sys(e, "%s", to);
    if (rc == 0)
        rc = sync_path(folder, e);
    free(folder);
    return rc;
}

static int write_whole(const char *path, const char *text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && write_all(fd, text, strlen(text)) == 0;

    if (!ok)
        err_sys(e, "%s", path);
    if (fd >= 0 && close(fd) < 0 && ok)
        return err_sys(e, "%s", path);
    return ok ? 0 : -1;
}

int sweep_dir_keep(const struct sweep_dir *d, const char *name,
                   const char *text, struct err *e)
{
    char *file = xasprintf("%s/%s", d->path, name);
    char *part = xasprintf("%s/%s.part", d->path, name);
    int rc = access(file, F_OK) == 0 ? 0 : 1;

    if (rc == 1 && write_whole(part, text, e) < 0)
        rc = -1;
    if (rc == 1 && sweep_dir_move(part, file, e) < 0)
        rc = -1;
    free(part);
    free(file);
    return rc;
}

static void flatten(const struct node *n, const char *at, struct labels *out)
{
    if (n->kind == NODE_SCALAR)
        labels_set(out, at, n->text);
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->n; i++) {
        char *key =
            n->kind == NODE_MAP
                ? xasprintf("%s%s%s", at, *at ? "." : "", n->key[i]->text)
                : xasprintf("%s%s%zu", at, *at ? "." : "", i + 1);

        flatten(n->item[i], key, out);
        free(key);
    }
}

/* What of `a` is not so in `b`. */
static void differences(const struct labels *a, const struct labels *b,
                        const char *sign, struct strings *lines)
{
    for (size_t i = 0; i < a->n; i++) {
        const char *other = labels_get(b, a->at[i].key);
        char *line;

        if (other && strcmp(other, a->at[i].value) == 0)
            continue;
        line =
            xasprintf("%s %.200s: %.200s", sign, a->at[i].key, a->at[i].value);
        strings_add(lines, line);
        free(line);
    }
}

void sweep_diff(const struct node *was, const struct node *is,
                struct strings *lines)
{
    struct labels a = {0}, b = {0};

    flatten(was, "", &a);
    flatten(is, "", &b);
    differences(&a, &b, "-", lines);
    differences(&b, &a, "+", lines);
    labels_release(&a);
    labels_release(&b);
}

/* ---- disk ---- */

static int forget(const char *path, const struct stat *st, int kind,
                  struct FTW *at)
{
    (void)st;
    (void)kind;
    if (at->level > 0)
        remove(path); /* what cannot go stays for the next try */
    return 0;
}

void sweep_dir_clean(const struct sweep_dir *d)
{
    char *scratch = xasprintf("%s/scratch", d->path);

    nftw(scratch, forget, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(scratch);
}

int64_t sweep_dir_free(const struct sweep_dir *d)
{
    struct statvfs fs;

    if (statvfs(d->path, &fs) < 0)
        return INT64_MAX;
    return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}
