/*
 * How fast v3 and v2 train and predict, beside PyTorch in the same minute and
 * beside what sgemm alone does on the same shapes.  Each figure is the best of
 * several runs, for the machine may be shared.  A piece of tests/bench/run:
 * ROOT is the checkout, SHARED has the peer; PYTHON is one that has torch.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/branch.h"
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
    d->set = (struct window_set){
        d->x, d->label, d->end, ROWS, D, ROWS - DELAYS + 1, DELAYS, 1, NULL};
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

static void live(const char *family, struct model *m,
                 const struct window_set *set)
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
    printf("%s, one live window\tp99 50 us\tp99 %.1f us, p50 %.1f us\t%s\n",
           family, us[LIVE / 100 * 99], us[LIVE / 2],
           us[LIVE / 100 * 99] <= 50 ? "ok" : "no");
    free(us);
    predictor_free(p);
}

/* The products of a model's layers, and of its branches in training. */
static double products(const struct model *m, size_t n, bool training,
                       const float *a, const float *b, float *c)
{
    double flops = 0;

    for (size_t i = 0; i < m->n_layers; i++) {
        size_t in = m->layer[i].n_in, out = m->layer[i].n_out;

        if (m->layer[i].branch && m->layer[i].branch->stack && training)
            flops += products(m->layer[i].branch->stack, n, true, a, b, c);
        if (m->layer[i].n_params == 0)
            continue;
        blas_gemm(false, true, n, out, in, a, b, 1, c);
        if (training)
            blas_gemm(true, false, out, in, n, a, a, 0, c);
        if (training && m->layer[i].index > 0)
            blas_gemm(false, false, n, in, out, a, b, 0, c);
        flops += 2. * (double)(n * in * out) *
                 (!training               ? 1
                  : m->layer[i].index > 0 ? 3
                                          : 2);
    }
    return flops;
}

/* What sgemm alone does with them: operations a second. */
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

        *flops = products(m, n, training, a, b, c);
        best = fmin(best, since(start));
    }
    free(a);
    free(b);
    free(c);
    return *flops / best;
}

/* PyTorch's best of one and two threads, windows/s; 0 where it is not. */
static void peer(const char *family, double *train, double *infer)
{
    const char *shared = getenv("SHARED"), *python = getenv("PYTHON");
    char command[600], line[200];
    double t, i;
    FILE *f;

    *train = *infer = 0;
    for (int threads = 1; threads <= 2 && shared && *shared; threads++) {
        snprintf(command, sizeof command,
                 "env -u OPENBLAS_NUM_THREADS %s %s/bench/torch_models.py "
                 "speed %s --threads %d",
                 python ? python : "/usr/bin/python3", shared, family, threads);
        f = popen(command, "r");
        while (f && fgets(line, sizeof line, f))
            if (sscanf(line, "%*s threads %*d batch %*d train %lf/s infer %lf",
                       &t, &i) == 2) {
                *train = fmax(*train, t);
                *infer = fmax(*infer, i);
            }
        if (f)
            pclose(f);
    }
}

/* times 0: nothing is promised; theirs 0: there is nothing to compare with. */
static void line(const char *family, const char *what, double rate,
                 double times, double theirs, double share)
{
    bool judged = times > 0 && theirs > 0;

    printf("%s %s\t", family, what);
    if (judged)
        printf("%g x PyTorch's %.0f/s", times, theirs);
    else if (times > 0)
        printf("%g x PyTorch, which is not here", times);
    printf("\t%.0f windows/s, %.0f %% of sgemm alone\t%s\n", rate, 100 * share,
           !judged                  ? "-"
           : rate >= times * theirs ? "ok"
                                    : "no");
}

static void report(const char *family, struct model *m,
                   const struct window_set *set)
{
    float *y = xcalloc(set->N, sizeof *y);
    double flops, sgemm, rate, train, infer;

    peer(family, &train, &infer);
    sgemm = sgemm_rate(m, 64, true, &flops) / flops * 64;
    rate = train_rate(m, set, 1);
    line(family, "training, 1 thread", rate, 0, 0, rate / sgemm);
    rate = train_rate(m, set, 2);
    line(family, "training, 2 threads", rate, 3, train, rate / sgemm / 2);
    sgemm = sgemm_rate(m, 256, false, &flops) / flops * 256;
    rate = predict_rate(m, set, 1, y);
    line(family, "inference, 1 thread", rate, 0, 0, rate / sgemm);
    rate = predict_rate(m, set, 2, y);
    line(family, "inference, 2 threads", rate, 2, infer, rate / sgemm / 2);
    live(family, m, set);
    free(y);
}

/* The configs/FAMILY.yaml. */
static void measure(const char *family, const struct window_set *set)
{
    const char *root = getenv("ROOT");
    char *path = xasprintf("%s/configs/%s.yaml", root ? root : ".", family);
    struct node *config = NULL;
    struct model *m = NULL;
    struct err e;

    if (config_read(&config, path, &e) < 0 ||
        model_new_trained(&m, node_get(config, "model"), D, DELAYS, 1, &e) < 0)
        die(&e);
    model_init(m, 1);
    report(family, m, set);
    free(path);
    model_free(m);
    node_free(config);
}

int main(int argc, char **argv)
{
    struct data d;

    (void)argc;
    blas_start(argv);
    make_data(&d);
    measure("v3", &d.set);
    measure("v2", &d.set);
    printf("OpenBLAS kernels\t\t%s\t-\n", blas_core_name());
    free(d.x);
    free(d.label);
    free(d.end);
    return 0;
}
