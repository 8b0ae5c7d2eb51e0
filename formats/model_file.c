#include "formats/model_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"

#define INSTALLED "share/decode-rapl/checkpoints/default.ckpt"

bool model_is_default(const char *name)
{
    return strcmp(name, "default") == 0 && access(name, F_OK) != 0;
}

/* The folder above the one of this program; "" where /proc does not tell. */
static void place_of_program(char *at, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", at, size - 1);

    at[n > 0 ? n : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(at, '/');

        *(slash ? slash : at) = '\0';
    }
}

char *model_file(const char *name)
{
    char here[PATH_MAX];
    const char *const places[] = {here, "/usr/local", "/usr"};

    if (!model_is_default(name))
        return xstrdup(name);
    place_of_program(here, sizeof here);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = xasprintf("%s/" INSTALLED, places[i]);

        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return xstrdup(name);
}
