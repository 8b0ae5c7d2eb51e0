#ifndef TESTS_BENCH_FAMILIES_H
#define TESTS_BENCH_FAMILIES_H

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/nn/model.h"
#include "formats/config.h"

/*
 * The families that are measured, and what is promised of them as a multiple
 * of PyTorch; 0: nothing.
 */
struct family {
    const char *name; /* of configs/NAME.yaml */
    const char *peer; /* as PyTorch's script calls it; NULL: not there */
    const char *features;
    size_t D, delays;
    size_t windows; /* trained on in a round */
    size_t batch;   /* windows to predict: as many as PyTorch gets */
    double train, infer, one;
    double p99_us; /* of a live window */
    double share;  /* of what sgemm alone would do */
};

#define SEED4 "user_pct,system_pct,iowait_pct,log_ctxt"

static const struct family families[] = {
    {"v3", "v3", SEED4, 4, 25, 2048, 4096, 3, 2, 3, 50, .5},
    {"v2", "v2", SEED4, 4, 25, 1024, 4096, 3, 1.5, 3, 0, 0},
    {"v4-plain", NULL, SEED4, 4, 25, 1024, 4096, 0, 0, 0, 0, 0},
    {"v4", "v4", SEED4, 4, 25, 1024, 4096, 4, 4, 5, 0, .5},
    {"lstm", "lstm", "busy_cpus,n_cpus", 2, 60, 512, 1024, 4, 4, 5, 0, 0},
    {"v1", "v1", "user_pct,system_pct,log_ctxt", 3, 144, 256, 1024, 2.5, 2.5, 3,
     0, 0},
    {"mstcn", "mstcn", SEED4, 4, 64, 256, 1024, 2.5, 2.5, 3, 0, 0},
};

enum { FAMILIES = sizeof families / sizeof *families };

/* Its description; ROOT is the checkout.  The caller frees it. */
static inline char *family_path(const char *name)
{
    const char *root = getenv("ROOT");

    return xasprintf("%s/configs/%s.yaml", root ? root : ".", name);
}

/* The model as it is trained, its parameters drawn. */
static inline struct model *family_model(const struct family *f)
{
    char *path = family_path(f->name);
    struct model_use use = {f->D, f->delays, 1, 1, true};
    struct node *config = NULL;
    struct model *m = NULL;
    struct err e;

    if (config_read(&config, path, &e) < 0 ||
        model_build(&m, node_get(config, "model"), &use, &e) < 0)
        die(&e);
    model_init(m, 1);
    node_free(config);
    free(path);
    return m;
}

/* Is the family among the program's arguments, or is nothing asked for? */
static inline bool family_asked(const struct family *f, char **names)
{
    bool any = *names;

    while (*names && strcmp(*names, f->name) != 0)
        names++;
    return !any || *names;
}

#endif
