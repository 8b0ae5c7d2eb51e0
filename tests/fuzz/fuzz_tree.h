#ifndef TESTS_FUZZ_FUZZ_TREE_H
#define TESTS_FUZZ_FUZZ_TREE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/xalloc.h"

/*
 * A hostile machine as a tree of files, made of an input that holds them one
 * after another with form feeds between them.
 */
static char root[] = "/tmp/fuzz-tree.XXXXXX";

static inline void remove_root(void)
{
    char *command = xasprintf("rm -rf %s", root);

    if (system(command) != 0)
        perror(root);
    free(command);
}

static inline void make_root(const char *const *files, size_t n)
{
    if (root[strlen(root) - 1] != 'X')
        return;
    if (!mkdtemp(root) || atexit(remove_root) != 0)
        abort();
    for (size_t i = 0; i < n; i++) {
        char *path = xasprintf("%s/%s", root, files[i]);

        for (char *s = path + 1; (s = strchr(s, '/')); *s++ = '/') {
            *s = '\0';
            mkdir(path, 0755);
        }
        free(path);
    }
}

static inline void put(const char *name, const uint8_t *data, size_t n)
{
    char *path = xasprintf("%s/%s", root, name);
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
        abort();
    free(path);
}

/* Write the n files from the input, and step past what they took. */
static inline void put_files(const char *const *files, size_t n,
                             const uint8_t **data, size_t *size)
{
    make_root(files, n);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *end = *size ? memchr(*data, '\f', *size) : NULL;
        size_t len = end ? (size_t)(end - *data) : *size;

        put(files[i], *data, len);
        *data += len + (end != NULL);
        *size -= len + (end != NULL);
    }
}

#endif
