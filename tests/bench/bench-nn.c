/*
 * How fast the families train and predict, beside PyTorch in the same minutes
 * and beside what sgemm does on the same shapes.  Each figure is the best of
 * many short rounds, one and two threads in turn, for the machine may be
 * shared.  A piece of tests/bench/run: ROOT is the checkout, SHARED has the
 * peer's models; PYTHON is one that has torch.  With names of families: those
 * alone.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/nn/train.h"
#include "tests/bench/families.h"
#include "tests/bench/products.h"

enum { THREADS = 2, LEAST = 3, MOST = 200, LIVE = 5000 };
#define SECONDS                                                               \
    2.5             /* of each kind of measurement, if LEAST are done by then \
                     */
#define SCALING 1.8 /* two threads, over one */

static void doing(const struct family *f, const char *what)
{
    fprintf(stderr, "bench-nn: %s: %s\n", f->name, what);
}

/* ---- windows ---- */

struct data {
    float *x, *label;
    uint32_t *end;
    struct window_set set;
};

static void make_data(struct data *d, const struct family *f)
{
    size_t N = f->windows > f->batch ? f->windows : f->batch;
    size_t T = N + f->delays - 1;

    d->x = xmalloc_aligned(T * f->D, sizeof *d->x);
    d->label = xmalloc_aligned(T, sizeof *d->label);
    d->end = xcalloc(N, sizeof *d->end);
    for (size_t i = 0; i < T * f->D; i++)
        d->x[i] = (float)rng_unit(rng_at(1, 2, i));
    for (size_t i = 0; i < T; i++)
        d->label[i] = 20 + 60 * d->x[i * f->D];
    for (size_t i = 0; i < N; i++)
        d->end[i] = (uint32_t)(i + f->delays - 1);
    d->set = (struct window_set){.x = d->x,
                                 .label = d->label,
                                 .end = d->end,
                                 .T = T,
                                 .D = f->D,
                                 .N = N,
                                 .delays = f->delays,
                                 .tau = 1};
}

static struct window_set first_of(const struct data *d, size_t n)
{
    struct window_set set = d->set;

    set.N = n;
    return set;
}

/* ---- ours ---- */

static double since(int64_t start_ns)
{
    return (double)(clock_monotonic_ns() - start_ns) / 1e9;
}

/* Windows/s by one and by two threads: run() does n with so many. */
struct rates {
    double with[THREADS + 1];
};

static struct rates rates_of(void (*run)(void *arg, int threads), void *arg,
                             size_t n)
{
    int64_t start = clock_monotonic_ns();
    struct rates best = {{0}};

    for (int i = 0; i < LEAST || (i < MOST && since(start) < SECONDS); i++)
        for (int t = 1; t <= THREADS; t++) {
            int64_t began = clock_monotonic_ns();

            run(arg, t);
            best.with[t] = fmax(best.with[t], (double)n / since(began));
        }
    return best;
}

static void train_epoch(void *arg, int threads)
{
    struct trainer **trainer = arg;
    struct err e;

    while (trainer_step(trainer[threads], &e) > 0)
        ;
    trainer_epoch_end(trainer[threads], 1);
}

static struct rates train_rates(struct model *m, const struct window_set *set)
{
    struct trainer *trainer[THREADS + 1];
    struct pool *pool[THREADS + 1];
    struct train_options o;
    struct rates r;

    train_options_init(&o);
    for (int t = 1; t <= THREADS; t++) {
        pool[t] = pool_new(t);
        trainer[t] = trainer_new(m, &o, set, pool[t]);
    }
    r = rates_of(train_epoch, trainer, set->N);
    for (int t = 1; t <= THREADS; t++) {
        trainer_free(trainer[t]);
        pool_free(pool[t]);
    }
    return r;
}

/*
 * Windows as a trace gives them, which may share what they have in common, or
 * as rows, a batch after the other, as PyTorch gets them.
 */
struct prediction {
    struct predictor *by[THREADS + 1];
    const struct window_set *set;
    const float *rows; /* NULL: as a trace */
    float *y;
};

static void predict_all(void *arg, int threads)
{
    const struct prediction *p = arg;

    if (p->rows)
        predict_rows(p->by[threads], p->rows, p->set->N, p->y);
    else
        predict_windows(p->by[threads], p->set, p->y);
}

static void predict_rates(struct model *m, const struct window_set *set,
                          struct rates *rows, struct rates *trace)
{
    float *x = xmalloc_aligned(set->N * m->n_in, sizeof *x);
    struct pool *pool[THREADS + 1];
    struct prediction p = {.set = set, .rows = x};

    p.y = xcalloc(set->N, sizeof *p.y);
    embed(set->x, set->D, set->delays, set->tau, set->end, set->N, x);
    for (int t = 1; t <= THREADS; t++) {
        pool[t] = pool_new(t);
        p.by[t] = predictor_new(m, pool[t]);
        predictor_fix(p.by[t]);
    }
    *rows = rates_of(predict_all, &p, set->N);
    p.rows = NULL;
    *trace = rates_of(predict_all, &p, set->N);
    for (int t = 1; t <= THREADS; t++) {
        predictor_free(p.by[t]);
        pool_free(pool[t]);
    }
    free(p.y);
    free(x);
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

        embed(set->x, set->D, set->delays, 1, &set->end[i], 1, window);
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

/* ---- theirs ---- */

struct peer {
    double train, infer, one; /* windows/s; 0: not known */
};

static void ask_peer(const struct family *f, int threads, struct peer *best)
{
    const char *root = getenv("ROOT"), *python = getenv("PYTHON");
    char *command = xasprintf(
        "env -u OPENBLAS_NUM_THREADS %s %s/tests/bench/peer.py %s %d %zu %g",
        python ? python : "/usr/bin/python3", root ? root : ".", f->peer,
        threads, f->windows, SECONDS);
    FILE *from = popen(command, "r");
    struct peer r;

    if (from && fscanf(from, "%lf %lf %lf", &r.train, &r.infer, &r.one) == 3) {
        best->train = fmax(best->train, r.train);
        best->infer = fmax(best->infer, r.infer);
        best->one = fmax(best->one, r.one);
    }
    if (from)
        pclose(from);
    free(command);
}

/* PyTorch's best of one and two threads. */
static struct peer peer_of(const struct family *f)
{
    const char *shared = getenv("SHARED");
    struct peer best = {0};

    for (int t = 1; t <= THREADS && f->peer && shared && *shared; t++) {
        doing(f, t == 1 ? "PyTorch, 1 thread" : "PyTorch, 2 threads");
        ask_peer(f, t, &best);
    }
    return best;
}

/* ---- the table ---- */

/* What, the promise, what was measured: the verdict follows from the last two,
 * asked 0: none. */
__attribute__((format(printf, 5, 6))) static void line(const char *family,
                                                       const char *what,
                                                       double asked, double got,
                                                       const char *format, ...)
{
    va_list ap;

    printf("%s %s\t", family, what);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    printf("\t%s\n", asked <= 0 ? "-" : got >= asked ? "ok" : "no");
}

/* times 0: nothing is promised; theirs 0: there is nothing to compare with. */
static void versus(const char *family, const char *what, double rate,
                   double times, double theirs)
{
    if (theirs > 0)
        line(family, what, times * theirs, rate,
             "%g x PyTorch's %.0f/s\t%.0f windows/s, %.1f x", times, theirs,
             rate, rate / theirs);
    else if (times > 0)
        line(family, what, 0, 0,
             "%g x PyTorch, which is not here\t%.0f windows/s", times, rate);
    else
        line(family, what, 0, 0, "\t%.0f windows/s", rate);
}

static void both(const char *family, const char *what, const struct rates *r,
                 double times, double theirs)
{
    char *one = xasprintf("%s, 1 thread", what);
    char *two = xasprintf("%s, 2 threads", what);

    versus(family, one, r->with[1], 0, 0);
    versus(family, two, r->with[2], times, theirs);
    free(one);
    free(two);
}

/* Rates over what sgemm alone would give, the second over twice that. */
static void share(const struct family *f, const char *what,
                  const struct rates *r, double most)
{
    char *promise = f->share > 0 ? xasprintf("%.0f %%", 100 * f->share) : NULL;

    line(f->name, what, f->share, r->with[2] / most / 2,
         "%s\t%.0f %%, by 2 threads %.0f %%", promise ? promise : "",
         100 * r->with[1] / most, 100 * r->with[2] / most / 2);
    free(promise);
}

static void report_training(const struct family *f, struct model *m,
                            const struct window_set *set,
                            const struct peer *theirs)
{
    struct rates r;
    double scaling;

    doing(f, "training");
    r = train_rates(m, set);
    scaling = r.with[2] / r.with[1];
    both(f->name, "training", &r, f->train, theirs->train);
    line(f->name, "training, 2 threads over 1", SCALING, scaling,
         "%g x\t%.2f x", SCALING, scaling);
    share(f, "training, of sgemm alone", &r, products_rate(m, 64, true));
}

static void report_inference(const struct family *f, struct model *m,
                             const struct window_set *set,
                             const struct peer *theirs)
{
    struct rates rows, trace;
    double p50, p99;

    doing(f, "inference");
    predict_rates(m, set, &rows, &trace);
    both(f->name, "inference in batches", &rows, f->infer, theirs->infer);
    share(f, "inference in batches, of sgemm alone", &rows,
          products_rate(m, 256, false));
    both(f->name, "inference, a recorded trace", &trace, f->infer,
         theirs->infer);
    live(m, set, &p50, &p99);
    versus(f->name, "one window at a time", 1e6 / p50, f->one, theirs->one);
    if (f->p99_us > 0)
        line(f->name, "one live window", 1 / f->p99_us, 1 / p99,
             "p99 %g us\tp99 %.1f us, p50 %.1f us", f->p99_us, p99, p50);
    else
        line(f->name, "one live window", 0, 0, "\tp99 %.1f us, p50 %.1f us",
             p99, p50);
}

static void measure(const struct family *f)
{
    struct model *m = family_model(f);
    struct peer theirs = peer_of(f);
    struct window_set train, batch;
    struct data d;

    make_data(&d, f);
    train = first_of(&d, f->windows);
    batch = first_of(&d, f->batch);
    report_training(f, m, &train, &theirs);
    model_init(m, 1);
    report_inference(f, m, &batch, &theirs);
    free(d.x);
    free(d.label);
    free(d.end);
    model_free(m);
}

int main(int argc, char **argv)
{
    (void)argc;
    blas_start(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("OpenBLAS kernels\t\t%s\t-\n", blas_core_name());
    for (size_t i = 0; i < FAMILIES; i++)
        if (family_asked(&families[i], argv + 1))
            measure(&families[i]);
    return 0;
}
