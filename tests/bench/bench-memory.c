/*
 * What rapl-train takes in memory, by family, beside what training needs: the
 * data once, the model four times (its parameters, their gradient, two
 * moments), and what the layers give and keep of one batch.  Measured is the
 * peak less that of the same program with a model of one layer and hardly any
 * data.  A piece of tests/bench/run; with names of families: those alone.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/math/blas.h"
#include "tests/bench/families.h"

enum { BATCH = 256, FEW = 300 };
#define MIB 1048576.

static void run(const char *command)
{
    if (system(command))
        exit(4);
}

/* A stream of so many rows, in windows of the family's. */
static void make_windows(const struct family *f, size_t rows, const char *path)
{
    char *command =
        xasprintf("\"$BUILD/bench/make-samples\" %zu run=a |"
                  " rapl-window -q --features %s -d %zu --split time -o %s",
                  rows, f->features, f->delays, path);

    run(command);
    free(command);
}

/* Peak of an epoch, bytes. */
static double peak_of(const char *model, const char *windows)
{
    struct rusage usage;
    int status;
    pid_t child = fork();

    if (child == 0) {
        execlp("rapl-train", "rapl-train", "-q", "--threads", "2", "--epochs",
               "1", "-c", model, "-o", "m.ckpt", windows, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status)
        exit(4);
    return (double)usage.ru_maxrss * 1024;
}

static double base(void)
{
    FILE *f = fopen("base.yaml", "w");

    if (!f)
        exit(4);
    fputs("model: {layers: [{type: dense, out: 1}]}\n", f);
    fclose(f);
    make_windows(&families[0], FEW, "base.windows");
    return peak_of("base.yaml", "base.windows");
}

/* Bytes of what layers give and keep of a row. */
static double kept(const struct model *m)
{
    size_t bytes = m->n_in * sizeof(float);

    for (size_t i = 0; i < m->n_layers; i++)
        bytes += m->layer[i].n_out * sizeof(float) + m->layer[i].scratch;
    return (double)bytes;
}

static void measure(const struct family *f, double base_bytes)
{
    char *path = family_path(f->name);
    struct model *m = family_model(f);
    size_t rows = f->windows * 16;
    double data = (double)(rows * (f->D + 2) * sizeof(float));
    double model = (double)(4 * m->size_all * sizeof(float));
    double batch = BATCH * kept(m), got;

    fprintf(stderr, "bench-memory: %s\n", f->name);
    make_windows(f, rows, "windows");
    got = peak_of(path, "windows") - base_bytes;
    printf("%s training, memory\t%.1f MiB: data %.1f, model %.1f, batch %.1f"
           "\t%.1f MiB\t%s\n",
           f->name, (data + model + batch) / MIB, data / MIB, model / MIB,
           batch / MIB, got / MIB, got <= data + model + batch ? "ok" : "no");
    model_free(m);
    free(path);
}

int main(int argc, char **argv)
{
    double base_bytes;

    (void)argc;
    blas_start(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    base_bytes = base();
    for (size_t i = 0; i < FAMILIES; i++)
        if (family_asked(&families[i], argv + 1))
            measure(&families[i], base_bytes);
    return 0;
}
