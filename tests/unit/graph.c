/* Graphs of layers: their names, mistakes and gradients; batch statistics. */
#include "common/nn/graph.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/loss.h"
#include "common/nn/workspace.h"
#include "tests/unit/nn.h"

static struct err e;

static struct model *must(const char *yaml, size_t channels, size_t length)
{
    struct model *m = trained_model_of(yaml, channels, length, 2, &e);

    if (!m)
        fail_msg("%s", e.msg);
    model_init(m, 3);
    return m;
}

static void fill(float *x, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(rng_unit(rng_at(11, stream, i)) * 2 - 1);
}

/* ---- the list ---- */

/* Names, and what each reads, as "name<a,b". */
static char *drawing(const struct model *m)
{
    char *all = xstrdup("");

    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        for (size_t k = 0; k < l->n_from; k++) {
            int at = l->from[k].at;
            char *more = xasprintf("%s%s%s%s", all, k ? "," : " ",
                                   k ? "" : l->name, k ? "" : "<");

            free(all);
            all = xasprintf("%s%s", more, at < 0 ? "-" : m->layer[at].name);
            free(more);
        }
    }
    return all;
}

static void graphs_are_flat(void **state)
{
    static const char *const graphs[][2] = {
        {"layers: [{type: relu}, {type: relu}]", " 0<- 1<0"},
        {"layers: [{type: relu, name: a}, {type: relu, from: input}, "
         "{type: add, from: [a, '1', input]}]",
         " a<- 1<- 2<a,1,-"},
        {"layers: [{type: residual, name: r.body, layers: [{type: relu}, "
         "{type: relu, name: b}]}, {type: relu}]",
         " r.body.0<- r.body.b<r.body.0 r.body<-,r.body.b 1<r.body"},
        {"layers: [{type: relu}, {type: residual, layers: [{type: relu, "
         "name: attn}, {type: relu}]}]",
         " 0<- attn<0 1.1<attn 1<0,1.1"},
        {"layers: [{type: parallel, name: p, paths: [{type: relu}, "
         "[{type: relu}, {type: relu}], {type: relu, from: input, "
         "name: q}]}]",
         " p.0<- p.1.0<- p.1.1<p.1.0 p.q<- p<p.0,p.1.1,p.q"},
        {"layers: [{type: relu, name: z}, {type: branch, name: b, reverse: "
         "true, loss: reconstruction, of: z, layers: [{type: relu}]}, "
         "{type: relu}]",
         " z<- b reversed<z b.0<b reversed b<b.0,z 2<z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        struct model *m = must(graphs[i][0], 2, 3);
        char *got = drawing(m);

        assert_string_equal(got, graphs[i][1]);
        free(got);
        model_free(m);
    }
}

static void mistakes_are_named(void **state)
{
    static const char *const bad[][2] = {
        {"layers: [{type: add}]", "add wants from: [a, b, ...]"},
        {"layers: [{type: relu, from: [input, input]}]", "one value"},
        {"layers:\n- {type: relu, from: later}\n- {type: relu, name: later}",
         "m.yaml:2: no layer before this is called 'later'"},
        {"layers: [{type: relu, name: input}]", "`input`"},
        {"layers: [{type: relu, name: a}, {type: relu, name: a}]",
         "two layers are called a"},
        {"layers: [{type: relu, name: a}, {type: relu, from: input}]",
         "nothing reads what layer a gives"},
        {"layers: [{type: dense, name: a, out: 6}, {type: relu, from: input}, "
         "{type: branch, loss: reconstruction, of: a, layers: [{type: relu}]}]",
         "nothing reads what layer a gives"},
        {"layers: [{type: dense, name: a, out: 2}, {type: add, from: [a, "
         "input]}]",
         "2 x 3 values cannot be added to 2 x 1"},
        {"layers: [{type: dense, name: a, out: 2}, {type: concat, from: "
         "[a, input]}]",
         "cannot be put together"},
        {"layers: [{type: residual}]", "`layers`"},
        {"layers: [{type: residual, layers: [{type: dense, out: 1}]}]",
         "cannot be added"},
        {"layers: [{type: parallel, layers: [{type: relu}]}]", "layers"},
        {"layers: [{type: parallel, paths: []}]", "`paths`"},
        {"layers: [{type: relu}, {type: branch, name: b, loss: machine, "
         "layers: [{type: dense, out: machines, name: c}]}, "
         "{type: add, from: ['0', b.c]}]",
         "b.c is in a branch"},
        {"layers: [{type: branch, name: b, loss: machine, layers: "
         "[{type: dense, out: machines}]}]",
         "only branches here"},
        {"layers: [{type: residual, layers: [{type: residual, layers: "
         "[{type: residual, layers: [{type: residual, layers: [{type: "
         "residual, layers: [{type: residual, layers: [{type: relu}]}]}]}]}]}]"
         "}]",
         "over 5 deep"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&e, 0, sizeof e);
        assert_null(trained_model_of(bad[i][0], 2, 3, 2, &e));
        assert_int_equal(e.code, ERR_DATA);
        if (!strstr(e.msg, bad[i][1]))
            fail_msg("'%s' does not say '%s'", e.msg, bad[i][1]);
    }
}

static void joins_join(void **state)
{
    struct model *m = must("layers: [{type: relu, name: a}, {type: add, name: "
                           "b, from: [a, input]}, {type: concat, from: [b, "
                           "input, a]}]",
                           2, 2);
    const float x[] = {1, -2, 3, 4, -5, 6, 7, -8};
    const float want[] = {2,  -2, 6,  8,  1,  -2, 3, 4,  1, 0, 3, 4,
                          -5, 12, 14, -8, -5, 6,  7, -8, 0, 6, 7, 0};
    struct predictor *p = predictor_new(m, NULL);
    float y[24];

    (void)state;
    assert_true(m->n_out == 12 && m->layer[2].out.channels == 6);
    predict_rows(p, x, 2, y);
    assert_memory_equal(y, want, sizeof want);
    predictor_free(p);
    model_free(m);
}

/* ---- gradients, by differences ---- */

enum { ROWS = 10, SHARDS = 2, BATCH = ROWS * SHARDS };

struct check {
    struct model *m;
    struct workspace *w[SHARDS];
    float *x, *target;
    float *grad[SHARDS];
};

static struct pass pass_of(size_t shard)
{
    static const uint16_t machine[ROWS] = {0, 1, 1, 0, 1};

    return (struct pass){.n = ROWS,
                         .training = true,
                         .seed = 4,
                         .row = shard * ROWS,
                         .batch = BATCH,
                         .machine = machine};
}

/* Forward over both shards: the loss of path and branches, a mean. */
static double forward(struct check *c)
{
    const struct loss_type *mse = loss_type_find("mse");
    size_t n_out = c->m->n_out;
    double sum = 0;

    for (size_t part = 0; part <= c->m->n_cuts; part++) {
        for (size_t s = 0; s < SHARDS; s++) {
            struct pass p = pass_of(s);

            if (part == 0)
                memcpy(c->w[s]->input, c->x + s * ROWS * c->m->n_in,
                       ROWS * c->m->n_in * sizeof *c->x);
            workspace_forward_part(c->w[s], &p, part);
        }
        if (part < c->m->n_cuts)
            workspace_combine(c->w, SHARDS, part);
    }
    for (size_t s = 0; s < SHARDS; s++)
        sum += c->w[s]->branch_loss / BATCH +
               mse->eval(mse, workspace_output(c->w[s]),
                         c->target + s * ROWS * n_out, ROWS * n_out,
                         1 / (float)(BATCH * n_out), c->w[s]->slope[0]) /
                   (double)(BATCH * n_out);
    return sum;
}

static void backward(struct check *c)
{
    for (size_t part = c->m->n_cuts + 1; part-- > 0;) {
        for (size_t s = 0; s < SHARDS; s++) {
            struct pass p = pass_of(s);

            workspace_backward_part(c->w[s], &p, part, c->grad[s]);
        }
        if (part)
            workspace_combine(c->w, SHARDS, part - 1);
    }
}

static void check_tensor(struct check *c, const struct tensor *t)
{
    const double h =
        2e-3; /* through batch_norm the loss is far from straight */

    for (size_t j = 0; j < tensor_count(t) && !t->buffer; j++) {
        size_t at = (size_t)(t->data - c->m->params) + j;
        double got = (double)c->grad[0][at] + (double)c->grad[1][at], up, down;
        float was = t->data[j];

        t->data[j] = was + (float)h;
        up = forward(c);
        t->data[j] = was - (float)h;
        down = forward(c);
        t->data[j] = was;
        if (!(fabs((up - down) / (2 * h) - got) <= 3e-4))
            fail_msg("%s[%zu]: %g by differences, %g by backward", t->name, j,
                     (up - down) / (2 * h), got);
    }
}

static void check_gradient(const char *yaml, size_t channels, size_t length)
{
    struct check c = {.m = must(yaml, channels, length)};
    struct model *m = c.m;

    c.x = xcalloc(BATCH * m->n_in, sizeof *c.x);
    c.target = xcalloc(BATCH * m->n_out, sizeof *c.target);
    fill(c.x, BATCH * m->n_in, 1);
    fill(c.target, BATCH * m->n_out, 2);
    for (size_t s = 0; s < SHARDS; s++) {
        c.w[s] = workspace_new(m, ROWS, true);
        c.grad[s] = xcalloc(m->size, sizeof **c.grad);
        for (size_t i = 0; i < m->size; i++)
            c.grad[s][i] = NAN; /* they must all be written */
    }
    forward(&c);
    backward(&c);
    for (size_t i = 0; i < m->tensors.n; i++)
        check_tensor(&c, &m->tensors.at[i]);
    for (size_t s = 0; s < SHARDS; s++) {
        workspace_free(c.w[s]);
        free(c.grad[s]);
    }
    free(c.x);
    free(c.target);
    model_free(m);
}

/* Values that several layers read, and layers that may not work in place. */
static void graph_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: dense, name: a, out: 5}, {type: dense, "
                   "name: b, out: 5}, {type: dense, from: a, name: c, out: 5}, "
                   "{type: add, from: [a, b, c]}, {type: dense, out: 1}]",
                   2, 3);
    check_gradient("layers: [{type: dense, out: 4}, {type: residual, layers: "
                   "[{type: dropout, rate: 0.3}, {type: dense, out: 4}, "
                   "{type: dropout, rate: 0.3}]}, {type: dropout, rate: 0.2}, "
                   "{type: dense, out: 2}]",
                   2, 3);
    check_gradient("layers: [{type: conv1d, out: 4}, {type: parallel, paths: "
                   "[{type: conv1d, out: 2}, [{type: dropout, rate: 0.2}, "
                   "{type: conv1d, out: 3, kernel: 5}], {type: dropout, "
                   "rate: 0.1}]}, {type: dense, out: 1}]",
                   2, 6);
    check_gradient("layers: [{type: dense, out: 4, name: a}, {type: add, "
                   "from: [a, a]}, {type: dense, out: 1}]",
                   2, 3);
}

static void batch_norm_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: dense, out: 6}, {type: batch_norm}, "
                   "{type: dropout, rate: 0.2}, {type: dense, out: 2}]",
                   2, 3);
    check_gradient("layers: [{type: conv1d, out: 3}, {type: batch_norm}, "
                   "{type: conv1d, out: 3}, {type: batch_norm}, "
                   "{type: maxpool}, {type: dense, out: 1}]",
                   2, 6);
    check_gradient("layers: [{type: batch_norm}, {type: residual, layers: "
                   "[{type: conv1d, out: 2}, {type: batch_norm}]}, "
                   "{type: batch_norm}]",
                   2, 5);
}

/* What a branch is compared with takes no gradient: here it has none. */
static void branch_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: dropout, rate: 0.4, name: u}, {type: "
                   "dense, out: 4}, {type: branch, loss: reconstruction, of: "
                   "u, weight: 0.5, layers: [{type: residual, layers: [{type: "
                   "dense, out: 4}]}, {type: dense, out: 6}, "
                   "{type: batch_norm}]}, {type: dense, out: 1}]",
                   2, 3);
    check_gradient("layers: [{type: conv1d, out: 3}, {type: branch, loss: "
                   "machine, layers: [{type: conv1d, out: 2}]}, "
                   "{type: dense, out: 1}]",
                   2, 5);
}

/* ---- batch_norm ---- */

/* BatchNorm1d(2) of PyTorch 1.13 on (3, 2, 2), in double precision. */
static void batch_norm_is_pytorchs(void **state)
{
    static const float x[] = {1, 2, -3, 5, 4, -1, 0, 8, 7, 3, 6, -2};
    static const double trained[] = {-0.918152568, -0.517261027, -1.90933694,
                                     0.954668469,  0.284522054,  -1.71993565,
                                     -0.83533491,  2.0286705,    1.48719668,
                                     -0.116369486, 1.31266915,   -1.55133626};
    static const double mean[] = {0.506666667, 0.443333333};
    static const double var[] = {2.22866667, 4.81266667};
    static const double predicted[] = {0.0804585003, 0.750306812, -2.3543823,
                                       3.11562497,   2.09000343,  -1.25923812,
                                       -0.303129569, 5.1668777,   4.09954837,
                                       1.42015512,   3.79937588,  -1.67063139};
    struct model *m = must("layers: [{type: batch_norm, name: b}]", 2, 2);
    struct workspace *w = workspace_new(m, 3, true);
    struct pass pass = {.n = 3, .training = true, .batch = 3};
    const float *y;

    (void)state;
    tensors_find(&m->tensors, "b.weight")->data[1] = 1.5f;
    tensors_find(&m->tensors, "b.bias")->data[0] = -.25f;
    for (int step = 0; step < 2; step++) {
        memcpy(w->input, x, sizeof x);
        y = workspace_forward(w, &pass, w->input);
        for (size_t i = 0; i < 12; i++)
            assert_true(fabs((double)y[i] - trained[i]) < 1e-6);
        m->layer[0].type->track(&m->layer[0], w->total[0]);
    }
    for (size_t c = 0; c < 2; c++) {
        assert_true(
            fabs((double)tensors_find(&m->tensors, "b.running_mean")->data[c] -
                 mean[c]) < 1e-6);
        assert_true(
            fabs((double)tensors_find(&m->tensors, "b.running_var")->data[c] -
                 var[c]) < 1e-6);
    }
    pass.training = false;
    y = workspace_forward(w, &pass, w->input);
    for (size_t i = 0; i < 12; i++)
        assert_true(fabs((double)y[i] - predicted[i]) < 1e-6);
    workspace_free(w);
    model_free(m);
}

/* One value a channel has no variance: it is taken as in prediction. */
static void batch_norm_of_one_row(void **state)
{
    struct model *m = must("layers: [{type: batch_norm, name: b}]", 2, 1);
    float *mean = tensors_find(&m->tensors, "b.running_mean")->data;
    struct workspace *w = workspace_new(m, 1, true);
    struct pass pass = {.n = 1, .training = true, .batch = 1};
    float grad[64];
    const float *y;

    (void)state;
    mean[0] = 3;
    w->input[0] = 5;
    w->input[1] = 7;
    y = workspace_forward(w, &pass, w->input);
    assert_true(fabsf(y[0] - 2) < 1e-4f && fabsf(y[1] - 7) < 1e-4f);
    w->slope[0][0] = w->slope[0][1] = 1;
    workspace_backward(w, &pass, grad);
    assert_true(fabsf(grad[0] - 2) < 1e-4f && fabsf(grad[1] - 7) < 1e-4f);
    m->layer[0].type->track(&m->layer[0], w->total[0]);
    assert_true(mean[0] == 3 && mean[1] == 0);
    workspace_free(w);
    model_free(m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_are_flat),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(joins_join),
        cmocka_unit_test(graph_gradient),
        cmocka_unit_test(batch_norm_gradient),
        cmocka_unit_test(branch_gradient),
        cmocka_unit_test(batch_norm_is_pytorchs),
        cmocka_unit_test(batch_norm_of_one_row),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
