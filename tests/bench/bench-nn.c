/*
 * How fast the families train and predict, beside PyTorch in the same minute
 * and, for those of dense layers alone, beside what sgemm does on the same
 * shapes.  Each figure is the best of several runs, for the machine may be
 * shared.  A piece of tests/bench/run: ROOT is the checkout, SHARED has the
 * peer; PYTHON is one that has torch.  With names of families: those alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/train.h"
#include "formats/config.h"

enum { RUNS = 8, LIVE = 20000 };

/* What is promised, as a multiple of PyTorch; 0: nothing. */
static const struct family {
    const char *name; /* of configs/NAME.yaml */
    const char *peer; /* as PyTorch's script calls it; NULL: not there */
    size_t D, delays, windows;
    size_t batch; /* windows to predict: as many as PyTorch gets */
    double train, infer, one;
    double p99_us; /* of a live window */
    bool dense;
} families[] = {
    {"v3", "v3", 4, 25, 32768, 4096, 3, 2, 3, 50, true},
    {"v2", "v2", 4, 25, 32768, 4096, 3, 1.5, 3, 0, true},
    {"v4-plain", NULL, 4, 25, 32768, 4096, 0, 0, 0, 0, false},
    {"v4", "v4", 4, 25, 32768, 4096, 4, 4, 5, 0, false},
    {"lstm", "lstm", 2, 60, 8192, 1024, 4, 4, 5, 0, false},
    {"v1", "v1", 3, 144, 1024, 1024, 2.5, 2.5, 3, 0, false},
    {"mstcn", "mstcn", 4, 64, 1024, 1024, 2.5, 2.5, 3, 0, false},
};

struct data {
    float *x, *label;
    uint32_t *end;
    struct window_set set;
};

static void make_data(struct data *d, const struct family *f)
{
    size_t rows = f->windows + f->delays - 1;

    d->x = xmalloc_aligned(rows * f->D, sizeof *d->x);
    d->label = xmalloc_aligned(rows, sizeof *d->label);
    d->end = xcalloc(f->windows, sizeof *d->end);
    for (size_t i = 0; i < rows * f->D; i++)
        d->x[i] = (float)rng_unit(rng_at(1, 2, i));
    for (size_t i = 0; i < rows; i++)
        d->label[i] = 20 + 60 * d->x[i * f->D];
    for (size_t i = 0; i < f->windows; i++)
        d->end[i] = (uint32_t)(i + f->delays - 1);
    d->set = (struct window_set){.x = d->x,
                                 .label = d->label,
                                 .end = d->end,
                                 .T = rows,
                                 .D = f->D,
                                 .N = f->windows,
                                 .delays = f->delays,
                                 .tau = 1};
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

/*
 * Windows as a trace gives them, which may share what they have in common, or
 * as rows, a batch after the other, as PyTorch gets them.
 */
static double predict_rate(struct model *m, const struct window_set *set,
                           bool trace, int threads, float *y)
{
    size_t n = set->N;
    float *rows = xmalloc_aligned(n * m->n_in, sizeof *rows);
    struct pool *pool = pool_new(threads);
    struct predictor *p = predictor_new(m, pool);
    double best = 0;

    predictor_fix(p);
    embed(set->x, set->D, set->delays, set->tau, set->end, n, rows);
    for (int run = 0; run < 2 * RUNS; run++) {
        int64_t start = clock_monotonic_ns();

        if (trace)
            predict_windows(p, set, y);
        else
            predict_rows(p, rows, n, y);
        best = fmax(best, (double)n / since(start));
    }
    predictor_free(p);
    pool_free(pool);
    free(rows);
    return best;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Windows one at a time, as they come live: the median and the p99, in us. */
static void live(struct model *m, const struct window_set *set, double *p50,
                 double *p99)
{
    struct predictor *p = predictor_new(m, NULL);
    size_t n = set->N < LIVE ? set->N : LIVE;
    double *us = xcalloc(n, sizeof *us);
    float *window = xcalloc(m->n_in, sizeof *window), y;

    predictor_fix(p);
    for (size_t i = 0; i < n; i++) {
        int64_t start = clock_monotonic_ns();

        embed(set->x, set->D, set->delays, 1, &set->end[i % set->N], 1, window);
        predict_rows(p, window, 1, &y);
        us[i] = since(start) * 1e6;
    }
    qsort(us, n, sizeof *us, by_value);
    *p50 = us[n / 2];
    *p99 = us[n * 99 / 100];
    free(us);
    free(window);
    predictor_free(p);
}

/* The products of a model's layers, and of its branches in training. */
static double products(const struct model *m, size_t n, bool training,
                       const float *a, const float *b, float *c)
{
    double flops = 0;

    for (size_t i = 0; i < m->n_layers; i++) {
        size_t in = m->layer[i].n_in, out = m->layer[i].n_out;

        if (m->layer[i].n_params == 0 || (m->layer[i].aside && !training))
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

struct rates {
    double train, infer, one; /* windows/s; 0: not known */
};

/* PyTorch's best of one and two threads. */
static struct rates peer(const struct family *family)
{
    const char *shared = getenv("SHARED"), *python = getenv("PYTHON");
    struct rates best = {0}, r;
    char command[600], line[200];
    FILE *f;

    for (int threads = 1; threads <= 2 && shared && *shared && family->peer;
         threads++) {
        snprintf(command, sizeof command,
                 "env -u OPENBLAS_NUM_THREADS %s %s/bench/torch_models.py "
                 "speed %s --threads %d",
                 python ? python : "/usr/bin/python3", shared, family->peer,
                 threads);
        f = popen(command, "r");
        while (f && fgets(line, sizeof line, f))
            if (sscanf(line,
                       "%*s threads %*d batch %*d train %lf/s infer %lf/s "
                       "single %lf",
                       &r.train, &r.infer, &r.one) == 3) {
                best.train = fmax(best.train, r.train);
                best.infer = fmax(best.infer, r.infer);
                best.one = fmax(best.one, r.one);
            }
        if (f)
            pclose(f);
    }
    return best;
}

/* times 0: nothing is promised; theirs 0: there is nothing to compare with;
 * share 0: of sgemm's rate, not known. */
static void line(const char *family, const char *what, double rate,
                 double times, double theirs, double share)
{
    bool judged = times > 0 && theirs > 0;

    printf("%s %s\t", family, what);
    if (judged)
        printf("%g x PyTorch's %.0f/s", times, theirs);
    else if (times > 0)
        printf("%g x PyTorch, which is not here", times);
    printf("\t%.0f windows/s", rate);
    if (theirs > 0)
        printf(", %.1f x", rate / theirs);
    if (share > 0)
        printf(", %.0f %% of sgemm alone", 100 * share);
    printf("\t%s\n", !judged ? "-" : rate >= times * theirs ? "ok" : "no");
}

/* Windows/s if sgemm were all there is to do; 0 where it is not the most. */
static double bound(const struct family *f, const struct model *m, size_t n,
                    bool training)
{
    double flops, rate;

    if (!f->dense)
        return HUGE_VAL;
    rate = sgemm_rate(m, n, training, &flops);
    return rate / flops * (double)n;
}

static void report(const struct family *f, struct model *m,
                   const struct window_set *set)
{
    float *y = xcalloc(set->N, sizeof *y);
    struct rates theirs = peer(f);
    double most, rate, p50, p99;
    struct window_set batch = *set;

    batch.N = f->batch;
    most = bound(f, m, 64, true);
    rate = train_rate(m, set, 1);
    line(f->name, "training, 1 thread", rate, 0, 0, rate / most);
    rate = train_rate(m, set, 2);
    line(f->name, "training, 2 threads", rate, f->train, theirs.train,
         rate / most / 2);
    most = bound(f, m, 256, false);
    rate = predict_rate(m, &batch, false, 1, y);
    line(f->name, "inference in batches, 1 thread", rate, 0, 0, rate / most);
    rate = predict_rate(m, &batch, false, 2, y);
    line(f->name, "inference in batches, 2 threads", rate, f->infer,
         theirs.infer, rate / most / 2);
    rate = predict_rate(m, &batch, true, 1, y);
    line(f->name, "inference, a recorded trace, 1 thread", rate, 0, 0, 0);
    rate = predict_rate(m, &batch, true, 2, y);
    line(f->name, "inference, a recorded trace, 2 threads", rate, f->infer,
         theirs.infer, 0);
    live(m, set, &p50, &p99);
    line(f->name, "one window at a time", 1e6 / p50, f->one, theirs.one, 0);
    printf("%s, one live window\t", f->name);
    if (f->p99_us > 0)
        printf("p99 %g us", f->p99_us);
    printf("\tp99 %.1f us, p50 %.1f us\t%s\n", p99, p50,
           f->p99_us == 0     ? "-"
           : p99 <= f->p99_us ? "ok"
                              : "no");
    free(y);
}

static void measure(const struct family *f)
{
    const char *root = getenv("ROOT");
    char *path = xasprintf("%s/configs/%s.yaml", root ? root : ".", f->name);
    struct model_use use = {f->D, f->delays, 1, 1, true};
    struct node *config = NULL;
    struct model *m = NULL;
    struct data d;
    struct err e;

    if (config_read(&config, path, &e) < 0 ||
        model_build(&m, node_get(config, "model"), &use, &e) < 0)
        die(&e);
    make_data(&d, f);
    model_init(m, 1);
    report(f, m, &d.set);
    free(d.x);
    free(d.label);
    free(d.end);
    free(path);
    model_free(m);
    node_free(config);
}

static bool is_asked(const char *name, char **list)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list;
}

int main(int argc, char **argv)
{
    blas_start(argv);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (argc < 2 || is_asked(families[i].name, argv + 1))
            measure(&families[i]);
    printf("OpenBLAS kernels\t\t%s\t-\n", blas_core_name());
    return 0;
}
