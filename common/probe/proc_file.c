#include "common/probe/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"

enum {
    /* The kernel gives files of many lines by the page; a line is far shorter
     * than half of one, so a read this short was the last. */
    SHORT_READ = 2048,
    LARGEST = 16 << 20, /* /proc/stat of 4096 CPUs is 1 MiB */
};

/* Read until the end or until `cap` bytes; returns bytes, or -1. */
static ssize_t read_all(int fd, char *text, size_t cap)
{
    size_t len = 0;
    ssize_t n;

    do {
        n = pread(fd, text + len, cap - len, (off_t)len);
        if (n < 0)
            return -1;
        len += (size_t)n;
    } while (n >= SHORT_READ && len < cap);
    return (ssize_t)len;
}

/* A buffer of twice what the file holds now: numbers grow digits. */
static int size_buffer(struct proc_file *f)
{
    ssize_t n;

    for (f->cap = 4096; f->cap < LARGEST; f->cap *= 2) {
        f->text = xreallocarray(f->text, f->cap + 1, 1);
        n = read_all(f->fd, f->text, f->cap);
        if (n < 0)
            return -1;
        if ((size_t)n <= f->cap / 2)
            return 0;
    }
    errno = EFBIG;
    return -1;
}

int proc_file_open(struct proc_file *f, const char *root, const char *name,
                   struct err *e)
{
    int saved;

    *f = (struct proc_file){.fd = -1};
    f->path = xasprintf("%s/%s", root, name);
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (f->fd >= 0 && size_buffer(f) == 0)
        return 0;
    saved = errno;
    err_sys(e, "%s", f->path);
    proc_file_close(f);
    errno = saved;
    return -1;
}

int proc_file_read(struct proc_file *f, struct err *e)
{
    ssize_t n = read_all(f->fd, f->text, f->cap);
    int saved = errno;

    if (n < 0) {
        err_sys(e, "%s", f->path);
        errno = saved;
        return -1;
    }
    errno = 0;
    if ((size_t)n == f->cap)
        return err_set(e, ERR_SYSTEM, "%s: grew beyond %zu bytes", f->path,
                       f->cap);
    f->len = (size_t)n;
    f->text[n] = '\0';
    return 0;
}

void proc_file_close(struct proc_file *f)
{
    if (f->path && f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->text);
    *f = (struct proc_file){.fd = -1};
}

char *proc_text(const char *root, const char *name)
{
    struct proc_file f;
    struct err e;
    char *text = NULL;

    if (proc_file_open(&f, root, name, &e) < 0)
        return NULL;
    if (proc_file_read(&f, &e) == 0) {
        if (f.len > 0 && f.text[f.len - 1] == '\n')
            f.len--;
        text = xstrndup(f.text, f.len);
    }
    proc_file_close(&f);
    return text;
}

uint64_t proc_number(const char **s)
{
    const char *p = *s;
    uint64_t v = 0;

    while (*p == ' ' || *p == '\t')
        p++;
    while (*p >= '0' && *p <= '9')
        v = v * 10 + (uint64_t)(*p++ - '0');
    *s = p;
    return v;
}

int proc_parse_u64(const char *text, uint64_t *v)
{
    uint64_t sum = 0;

    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*text - '0'), &sum))
            return -1;
    *v = sum;
    return *text == '\0' || *text == '\n' ? 0 : -1;
}
