#ifndef TESTS_UNIT_RIG_H
#define TESTS_UNIT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/nn/train.h"

/* A trainer with all that it borrows.  A test says what its data are. */
struct data;

struct rig {
    struct data *data; /* malloc()ed; the rig's */
    struct window_set set;
    struct train_options options;
    struct pool *pool;
    struct model *model;
    struct predictor *predictor;
    struct trainer *trainer;
};

/* Data, options, pool and model are there: make the rest. */
static inline struct rig *rig_ready(struct rig *r)
{
    model_init(r->model, 1);
    r->predictor = predictor_new(r->model, r->pool);
    r->trainer = trainer_new(r->model, &r->options, &r->set, r->pool);
    return r;
}

static inline void rig_free(struct rig *r)
{
    trainer_free(r->trainer);
    predictor_free(r->predictor);
    model_free(r->model);
    pool_free(r->pool);
    free(r->data);
    free(r);
}

static inline double rig_loss(struct rig *r)
{
    return evaluate(r->predictor, &r->options.loss, &r->set);
}

static inline struct train_verdict run_epoch(struct rig *r)
{
    struct err e;
    int more;

    while ((more = trainer_step(r->trainer, &e)) > 0)
        ;
    assert_int_equal(more, 0);
    return trainer_epoch_end(r->trainer, rig_loss(r));
}

/* Are two trainings in the same state, to the bit? */
static inline void assert_same(const struct rig *a, const struct rig *b)
{
    const struct tensors *x = trainer_tensors(a->trainer);
    const struct tensors *y = trainer_tensors(b->trainer);

    assert_int_equal(x->n, y->n);
    for (size_t i = 0; i < x->n; i++)
        assert_memory_equal(x->at[i].data, y->at[i].data,
                            tensor_count(&x->at[i]) * sizeof(float));
    assert_memory_equal(trainer_state(a->trainer), trainer_state(b->trainer),
                        sizeof(struct train_state));
}

#endif
