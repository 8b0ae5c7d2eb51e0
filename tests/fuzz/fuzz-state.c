/* The state of rapl-export: what is taken is written, and taken again, as it
 * is.  Its check is made right, or a fuzzer would never come past it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/digest.h"
#include "common/base/xalloc.h"
#include "common/export/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_same(const struct meters *a, const struct meters *b)
{
    if (a->n != b->n || a->n_rows != b->n_rows)
        abort();
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->at[i].zone, b->at[i].zone) != 0 ||
            a->at[i].sums.joules != b->at[i].sums.joules ||
            !(a->at[i].sums.joules >= 0))
            abort();
}

static void write_and_read(const struct meters *ms)
{
    struct meters back = {0};
    char path[] = "/tmp/fuzz-state.XXXXXX";
    struct err e;
    int fd = mkstemp(path);

    if (fd < 0 || state_write(ms, path, &e) < 0 ||
        state_read(&back, path, &e) != 1)
        abort();
    assert_same(ms, &back);
    close(fd);
    unlink(path);
    meters_release(&back);
}

static void try(const uint8_t *data, size_t size, bool sealed)
{
    char *text = xmalloc(size + 100), hex[DIGEST_HEX + 1];
    struct digest *d = digest_new();
    struct meters ms = {0};
    struct err e;

    memcpy(text, data, size);
    digest_add(d, data, size);
    digest_end(d, hex);
    if (sealed)
        size += (size_t)snprintf(text + size, 100, "sha256: %s\n", hex);
    if (state_parse(&ms, "fuzz", text, size, &e) == 0)
        write_and_read(&ms);
    else if (e.code != ERR_DATA)
        abort();
    meters_release(&ms);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > STATE_MAX_FILE)
        return 0;
    try(data, size, false);
    try(data, size, true);
    return 0;
}
