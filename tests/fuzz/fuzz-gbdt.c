/*
 * Any bytes as a forest: read and asked for watts, or refused with a message;
 * never more.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/gbdt/gbdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct gbdt *g = gbdt_from_bytes(data, size, &e);
    float *x, watts[3];
    size_t F;

    if (!g) {
        if (e.code != ERR_DATA || !e.msg[0])
            abort();
        return 0;
    }
    F = gbdt_columns(g);
    x = xcalloc(3 * F, sizeof *x);
    for (size_t i = 0; i < F; i++) {
        x[F + i] = NAN;
        x[2 * F + i] = 1e30f;
    }
    gbdt_predict(g, x, 3, watts);
    free(x);
    gbdt_free(g);
    return 0;
}
