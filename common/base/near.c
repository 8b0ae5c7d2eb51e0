#include "common/base/near.h"

#include <string.h>

int near_distance(const char *a, const char *b)
{
    enum { LONGEST = 32 };
    int row[LONGEST + 1];
    size_t n = strnlen(b, LONGEST);

    for (size_t j = 0; j <= n; j++)
        row[j] = (int)j;
    for (size_t i = 0; a[i]; i++) {
        int diagonal = row[0];

        row[0] = (int)i + 1;
        for (size_t j = 0; j < n; j++) {
            int best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (best > row[j] + 1)
                best = row[j] + 1;
            if (best > row[j + 1] + 1)
                best = row[j + 1] + 1;
            row[j + 1] = best;
        }
    }
    return row[n];
}

const char *near_name(const char *name, const char *const *known)
{
    int least = strlen(name) < 5 ? 2 : 3;
    const char *found = NULL;

    for (; *known; known++) {
        int d = near_distance(name, *known);

        if (d < least) {
            least = d;
            found = *known;
        }
    }
    return found;
}
