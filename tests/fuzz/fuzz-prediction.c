/* A prediction stream: what is read may be scored. */
#include <math.h>
#include <stdlib.h>

#include "common/math/metric.h"
#include "formats/prediction.h"
#include "tests/fuzz/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const char *path)
{
    struct prediction_reader *r = NULL;
    struct metric m = {0};
    struct prediction p;
    struct err e;
    bool fresh;
    int status;

    if (prediction_reader_open(&r, path, &e) < 0)
        abort();
    while ((status = prediction_reader_next(r, &p, &fresh, &e)) > 0) {
        struct metric_row row = {.predicted_w = (double)p.power_w,
                                 .measured_w = (double)p.measured_w,
                                 .dt_s = (double)p.dt_s};

        for (int i = 0; i < INTERVALS; i++) {
            row.lower_w[i] = (double)p.lower_w[i];
            row.upper_w[i] = (double)p.upper_w[i];
        }
        if (!isfinite(p.power_w) || p.part > PART_TEST)
            abort();
        if (!isnan(p.measured_w))
            metric_add(&m, &row, 1);
    }
    if (status < 0 && e.code != ERR_DATA)
        abort();
    prediction_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int sealed = 0; sealed < 2; sealed++) {
        struct fuzz_file f;

        fuzz_file_open(&f, data, size, sealed);
        read_all(f.path);
        fuzz_file_close(&f);
    }
    return 0;
}
