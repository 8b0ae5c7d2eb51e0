#include "formats/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
