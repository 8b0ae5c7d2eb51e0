#include "formats/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"

bool output_is_stdout(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

int output_open(const char *path, struct err *e)
{
    int fd;

    if (output_is_stdout(path))
        return STDOUT_FILENO;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 ? err_sys(e, "%s", path) : fd;
}

int output_claim(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0)
        return errno == EEXIST ? 0 : err_sys(e, "%s", path);
    return close(fd) < 0 ? err_sys(e, "%s", path) : 1;
}

/* The directory's entry must reach the disk too; some cannot be synced. */
static void sync_directory(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

int output_replace(const char *path, mode_t mode,
                   int (*print)(FILE *f, const void *arg, struct err *e),
                   const void *arg, struct err *e)
{
    char *real = realpath(path, NULL); /* of a link, what it points to */
    const char *to = real ? real : path;
    char *temp = xasprintf("%s.tmp%ld", to, (long)getpid());
    int fd =
        open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    int rc = -1;

    if (!f) {
        err_sys(e, "cannot create %s", temp);
        if (fd >= 0)
            close(fd);
        goto out;
    }
    rc = mode && fchmod(fd, mode) != 0 ? err_sys(e, "cannot set its mode")
                                       : print(f, arg, e);
    if (rc == 0 && (fflush(f) != 0 || ferror(f) || fsync(fd) != 0))
        rc = err_sys(e, "cannot write");
    if (fclose(f) != 0 && rc == 0)
        rc = err_sys(e, "cannot write");
    if (rc == 0 && rename(temp, to) != 0)
        rc = err_sys(e, "cannot replace");
    if (rc == 0)
        sync_directory(to);
    else
        unlink(temp);
out:
    free(temp);
    free(real);
    return rc;
}

/* What it is, if it is there and a file. */
static bool is_file(const char *path, int standard, struct stat *st)
{
    bool std = output_is_stdout(path);

    return (std ? fstat(standard, st) : stat(path, st)) == 0 &&
           S_ISREG(st->st_mode);
}

int output_check_one(const char *path, const char *input, struct err *e)
{
    struct stat in, out;

    if (!input || !is_file(path, STDOUT_FILENO, &out) ||
        !is_file(input, STDIN_FILENO, &in) || in.st_dev != out.st_dev ||
        in.st_ino != out.st_ino)
        return 0;
    return err_set(e, ERR_USAGE,
                   "%s: is read and cannot be written at the same time; choose "
                   "another -o FILE",
                   output_is_stdout(path) ? input : path);
}

int output_check(const char *path, const char *also, char *const *inputs, int n,
                 struct err *e)
{
    if (output_check_one(path, also, e) < 0)
        return -1;
    if (n == 0)
        return output_check_one(path, "-", e);
    for (int i = 0; i < n; i++)
        if (output_check_one(path, inputs[i], e) < 0)
            return -1;
    return 0;
}
