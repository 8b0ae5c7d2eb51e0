/*
 * How fast v3 trains and predicts, beside what sgemm alone does on the same
 * shapes.  Each figure is the best of several runs: the machine may be shared.
 *
 *     build/release/bench/bench-nn configs/v3.yaml
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/train.h"
#include "formats/config.h"

enum { D = 4, DELAYS = 25, ROWS = 32768 + DELAYS - 1, RUNS = 8, LIVE = 20000 };

struct data {
    float *x, *label;
    uint32_t *end;
    struct window_set set;
};

static void make_data(struct data *d)
{
    d->x = xmalloc_aligned(ROWS * D, sizeof *d->x);
    d->label = xmalloc_aligned(ROWS, sizeof *d->label);
    d->end = xcalloc(ROWS, sizeof *d->end);
    for (size_t i = 0; i < ROWS * D; i++)
        d->x[i] = (float)rng_unit(rng_at(1, 2, i));
    for (size_t i = 0; i < ROWS; i++)
        d->label[i] = 20 + 60 * d->x[i * D];
    for (uint32_t i = 0; i < ROWS - DELAYS + 1; i++)
        d->end[i] = i + DELAYS - 1;
    d->set = (struct window_set){d->x, d->label,          d->end, ROWS,
                                 D,    ROWS - DELAYS + 1, DELAYS, 1};
}

static double since(int64_t start_ns)
{
    return (double)(clock_monotonic_ns() - start_ns) / 1e9;
}

static double train_rate(struct model *m, const struct window_set *set,
                         int threads)
{
    struct pool *pool = pool_new(threads);
    struct train_options o;
    struct trainer *t;
    double best = 0;
    struct err e;

    train_options_init(&o);
    model_init(m, 1);
    t = trainer_new(m, &o, set, pool);
    for (int run = 0; run < RUNS; run++) {
        int64_t start = clock_monotonic_ns();

        while (trainer_step(t, &e) > 0)
            ;
        best = fmax(best, (double)set->N / since(start));
        trainer_epoch_end(t, 1);
    }
    trainer_free(t);
    pool_free(pool);
    return best;
}

static double predict_rate(struct model *m, const struct window_set *set,
                           int threads, float *y)
{
    struct pool *pool = pool_new(threads);
    struct predictor *p = predictor_new(m, pool);
    double best = 0;

    for (int run = 0; run < 2 * RUNS; run++) {
        int64_t start = clock_monotonic_ns();

        predict_windows(p, set, y);
        best = fmax(best, (double)set->N / since(start));
    }
    predictor_free(p);
    pool_free(pool);
    return best;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void live(struct model *m, const struct window_set *set)
{
    struct predictor *p = predictor_new(m, NULL);
    double *us = xcalloc(LIVE, sizeof *us);
    float window[D * DELAYS], y;

    for (size_t i = 0; i < LIVE; i++) {
        int64_t start = clock_monotonic_ns();

        embed(set->x, D, DELAYS, 1, &set->end[i], 1, window);
        predict_rows(p, window, 1, &y);
        us[i] = since(start) * 1e6;
    }
    qsort(us, LIVE, sizeof *us, by_value);
    printf("v3 one live window\tp50 %.1f us\tp99 %.1f us\n", us[LIVE / 2],
           us[LIVE / 100 * 99]);
    free(us);
    predictor_free(p);
}

/* What sgemm alone does with the products of v3, floating operations a s. */
static double sgemm_rate(const struct model *m, size_t n, bool training,
                         double *flops)
{
    float *a = xmalloc_aligned(n * 512, sizeof *a);
    float *b = xmalloc_aligned(512 * 512, sizeof *b);
    float *c = xmalloc_aligned(n * 512 + 512 * 512, sizeof *c);
    double best = HUGE_VAL;

    memset(a, 0, n * 512 * sizeof *a);
    memset(b, 0, 512 * 512 * sizeof *b);
    memset(c, 0, (n * 512 + 512 * 512) * sizeof *c);
    for (int run = 0; run < 200; run++) {
        int64_t start = clock_monotonic_ns();

        *flops = 0;
        for (size_t i = 0; i < m->n_layers; i++) {
            size_t in = m->layer[i].n_in, out = m->layer[i].n_out;

            if (m->layer[i].n_params == 0)
                continue;
            blas_gemm(false, true, n, out, in, a, b, 1, c);
            if (training)
                blas_gemm(true, false, out, in, n, a, a, 0, c);
            if (training && i > 0)
                blas_gemm(false, false, n, in, out, a, b, 0, c);
            *flops +=
                2. * (double)(n * in * out) * (training ? i > 0 ? 3 : 2 : 1);
        }
        best = fmin(best, since(start));
    }
    free(a);
    free(b);
    free(c);
    return *flops / best;
}

static void report(struct model *m, const struct window_set *set)
{
    float *y = xcalloc(set->N, sizeof *y);
    double flops, sgemm = sgemm_rate(m, 64, true, &flops), rate;

    printf("kernels\t%s\n", blas_core_name());
    for (int threads = 1; threads <= 2; threads++) {
        rate = train_rate(m, set, threads);
        printf("v3 training, batch 256\tthreads %d\t%.0f windows/s\t"
               "%.0f %% of sgemm alone\n",
               threads, rate, 100 * rate * flops / 64 / sgemm / threads);
    }
    sgemm = sgemm_rate(m, 256, false, &flops);
    for (int threads = 1; threads <= 2; threads++) {
        rate = predict_rate(m, set, threads, y);
        printf("v3 inference\tthreads %d\t%.0f windows/s\t"
               "%.0f %% of sgemm alone\n",
               threads, rate, 100 * rate * flops / 256 / sgemm / threads);
    }
    live(m, set);
    free(y);
}

int main(int argc, char **argv)
{
    struct node *config = NULL;
    struct model *m = NULL;
    struct data d;
    struct err e;

    blas_start(argv);
    if (argc != 2 || config_read(&config, argv[1], &e) < 0 ||
        model_new(&m, node_get(config, "model"), D, DELAYS, &e) < 0) {
        fprintf(stderr, "bench-nn: %s\n",
                argc == 2 ? e.msg : "give configs/v3.yaml");
        return 1;
    }
    make_data(&d);
    model_init(m, 1);
    report(m, &d.set);
    free(d.x);
    free(d.label);
    free(d.end);
    model_free(m);
    node_free(config);
    return 0;
}
