#include "common/gbdt/gbdt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/gbdt/gbdt_export.h"
#include "common/gbdt/ubj.h"

enum {
    MAX_COLUMNS = 1 << 20,
    ROWS = 64, /* that go through one tree together, while it is in cache */
    MISSING_LEFT = 1u << 31,
};

/*
 * A node: x[column] < value goes to `left`, all else to left + 1.  A leaf has
 * left 0, where no child ever is, and its value is what it adds.
 */
struct tree_node {
    float value;
    uint32_t column; /* and MISSING_LEFT: where a NaN goes */
    uint32_t left;
};

struct gbdt {
    void *bytes;
    size_t n_bytes;
    size_t F;
    double base; /* watts before the first tree */
    struct tree_node *node;
    size_t n_nodes, cap;
    uint32_t *root; /* (n_trees) */
    size_t n_trees;
};

/* The arrays of one tree as XGBoost keeps them, big-endian. */
struct tree_arrays {
    size_t n;
    const uint8_t *left, *right, *column, *value, *missing_left, *kind;
};

static uint32_t big_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static float big_float(const uint8_t *p)
{
    uint32_t bits = big_u32(p);
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool tree_arrays_find(struct tree_arrays *a, const struct ubj *tree)
{
    const struct {
        const char *name;
        char type;
        const uint8_t **to;
    } arrays[] = {
        {"left_children", 'l', &a->left},
        {"right_children", 'l', &a->right},
        {"split_indices", 'l', &a->column},
        {"split_conditions", 'd', &a->value},
        {"default_left", 'U', &a->missing_left},
        {"split_type", 'U', &a->kind},
    };
    struct ubj at;
    size_t n;

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (!ubj_get(tree, arrays[i].name, &at) ||
            !ubj_numbers(&at, arrays[i].type, &n, arrays[i].to) ||
            (i > 0 && n != a->n))
            return false;
        a->n = n;
    }
    return a->n > 0;
}

/* Room for two nodes side by side; the first. */
static uint32_t add_pair(struct gbdt *g)
{
    for (int i = 0; i < 2; i++) {
        g->node = xgrow(g->node, g->n_nodes, &g->cap, sizeof *g->node);
        g->node[g->n_nodes++] = (struct tree_node){0};
    }
    return (uint32_t)(g->n_nodes - 2);
}

/*
 * Copy the tree so that the children of a node lie side by side.  `source` (n)
 * says which of XGBoost's nodes each of ours is; to have more than n of ours
 * means that some node has two parents or is its own ancestor.
 */
static bool copy_tree(struct gbdt *g, const struct tree_arrays *a,
                      uint32_t *source)
{
    size_t first = g->n_nodes + 1, used = 1;

    /* The root has no sibling: the slot before it stays empty, and no child
     * is ever at index 0. */
    g->root[g->n_trees++] = add_pair(g) + 1;
    source[0] = 0;
    for (size_t i = 0; i < used; i++) {
        uint32_t s = source[i], pair;
        uint32_t left = big_u32(a->left + 4 * (size_t)s);
        uint32_t right = big_u32(a->right + 4 * (size_t)s);
        uint32_t column = big_u32(a->column + 4 * (size_t)s);
        float value = big_float(a->value + 4 * (size_t)s);

        if (isnan(value))
            return false;
        g->node[first + i].value = value;
        if (left == UINT32_MAX && right == UINT32_MAX && isfinite(value))
            continue;
        if (left >= a->n || right >= a->n || column >= g->F || a->kind[s] ||
            used + 2 > a->n)
            return false;
        pair = add_pair(g);
        source[used++] = left;
        source[used++] = right;
        g->node[first + i].column =
            column | (a->missing_left[s] ? MISSING_LEFT : 0);
        g->node[first + i].left = pair;
    }
    return true;
}

static int read_tree(struct gbdt *g, const struct ubj *tree, struct err *e)
{
    struct tree_arrays a;
    uint32_t *source;
    bool good;

    if (!tree_arrays_find(&a, tree) ||
        a.n > UINT32_MAX / 2 - g->n_nodes) /* indices are 32 bits */
        return err_set(e, ERR_DATA,
                       "tree %zu: its arrays are not what "
                       "XGBoost writes",
                       g->n_trees + 1);
    source = xcalloc(a.n, sizeof *source);
    good = copy_tree(g, &a, source);
    free(source);
    return good ? 0
                : err_set(e, ERR_DATA,
                          "tree %zu: its nodes form no tree over "
                          "%zu columns",
                          g->n_trees, g->F);
}

/* A number in the words of a text, as XGBoost writes its parameters; from 3.0
 * on the base score is a list: "[2.5E1]". */
static bool read_number(const struct ubj *root, const char *path, double *out)
{
    struct ubj at;
    char text[64], *start = text, *end;

    if (!ubj_get(root, path, &at) || !ubj_text(&at, text, sizeof text))
        return false;
    start += *text == '[';
    *out = strtod(start, &end);
    return end != start && (*end == '\0' || strcmp(end, "]") == 0) &&
           isfinite(*out);
}

static bool text_is(const struct ubj *root, const char *path, const char *want)
{
    struct ubj at;
    char text[64];

    return ubj_get(root, path, &at) && ubj_text(&at, text, sizeof text) &&
           strcmp(text, want) == 0;
}

/* What kind of model it is: only sums of plain trees, one output, are ours. */
static int read_head(struct gbdt *g, const struct ubj *root, struct err *e)
{
    double columns, targets = 1, classes = 0;

    if (!read_number(root, "learner.learner_model_param.num_feature",
                     &columns) ||
        !read_number(root, "learner.learner_model_param.base_score", &g->base))
        return err_set(e, ERR_DATA, "no model of XGBoost");
    read_number(root, "learner.learner_model_param.num_target", &targets);
    read_number(root, "learner.learner_model_param.num_class", &classes);
    if (!text_is(root, "learner.gradient_booster.name", "gbtree") ||
        targets > 1 || classes > 0 ||
        (!text_is(root, "learner.objective.name", "reg:squarederror") &&
         !text_is(root, "learner.objective.name", "reg:pseudohubererror")))
        return err_set(e, ERR_DATA,
                       "a model of XGBoost, but of another kind than "
                       "regression by gbtree");
    if (!(columns >= 1 && columns <= MAX_COLUMNS))
        return err_set(e, ERR_DATA, "%g columns: not in 1..%d", columns,
                       MAX_COLUMNS);
    g->F = (size_t)columns;
    return 0;
}

static int read_forest(struct gbdt *g, struct err *e)
{
    struct ubj root, tree;
    size_t n;

    if (!ubj_open(&root, g->bytes, g->n_bytes))
        return err_set(e, ERR_DATA, "no whole document of UBJSON");
    if (read_head(g, &root, e))
        return -1;
    if (!ubj_get(&root, "learner.gradient_booster.model.trees", &tree) ||
        !ubj_array(&tree, &n, &tree))
        return err_set(e, ERR_DATA, "a model of XGBoost without trees");
    g->root = xcalloc(n ? n : 1, sizeof *g->root);
    for (size_t i = 0; i < n; i++, ubj_next(&tree))
        if (read_tree(g, &tree, e))
            return -1;
    return 0;
}

struct gbdt *gbdt_from_bytes(const void *bytes, size_t n, struct err *e)
{
    struct gbdt *g = xcalloc(1, sizeof *g);

    g->bytes = xmalloc(n ? n : 1);
    memcpy(g->bytes, bytes, n);
    g->n_bytes = n;
    if (read_forest(g, e) == 0)
        return g;
    gbdt_free(g);
    err_prefix(e, "boosted trees");
    return NULL;
}

const void *gbdt_bytes(const struct gbdt *g, size_t *n)
{
    *n = g->n_bytes;
    return g->bytes;
}

size_t gbdt_columns(const struct gbdt *g)
{
    return g->F;
}

size_t gbdt_trees(const struct gbdt *g)
{
    return g->n_trees;
}

/* What the tree below `at` says of a row. */
static float walk(const struct tree_node *node, uint32_t at, const float *x)
{
    while (node[at].left) {
        float value = x[node[at].column & ~MISSING_LEFT];
        bool left = isnan(value) ? node[at].column & MISSING_LEFT
                                 : value < node[at].value;

        at = node[at].left + !left;
    }
    return node[at].value;
}

void gbdt_predict(const struct gbdt *g, const float *x, size_t n, float *out)
{
    double sum[ROWS];

    for (size_t at = 0; at < n; at += ROWS) {
        size_t rows = n - at < ROWS ? n - at : ROWS;

        for (size_t i = 0; i < rows; i++)
            sum[i] = g->base;
        for (size_t t = 0; t < g->n_trees; t++)
            for (size_t i = 0; i < rows; i++)
                sum[i] += walk(g->node, g->root[t], x + (at + i) * g->F);
        for (size_t i = 0; i < rows; i++)
            out[at + i] = (float)sum[i];
    }
}

/* ---- as operators ---- */

/*
 * The nodes as tables (M), the last one a leaf that adds nothing.  A leaf leads
 * to itself: its value to split at is never reached.
 */
struct tables {
    size_t M;
    int64_t *column, *left;
    float *split, *adds;
};

static void fill_tables(const struct gbdt *f, struct tables *t)
{
    t->M = f->n_nodes + 1;
    t->column = xcalloc(t->M, sizeof *t->column);
    t->left = xcalloc(t->M, sizeof *t->left);
    t->split = xcalloc(t->M, sizeof *t->split);
    t->adds = xcalloc(t->M, sizeof *t->adds);
    for (size_t i = 0; i < t->M; i++) {
        struct tree_node n =
            i < f->n_nodes ? f->node[i] : (struct tree_node){0};

        t->column[i] = n.left ? n.column & ~MISSING_LEFT : 0;
        t->left[i] = n.left ? n.left : (int64_t)i;
        t->split[i] = n.left ? n.value : INFINITY;
        t->adds[i] = n.left ? 0 : n.value;
    }
}

static void free_tables(struct tables *t)
{
    free(t->column);
    free(t->left);
    free(t->split);
    free(t->adds);
}

/* Steps from a root to its furthest leaf; a child stands behind its parent. */
static size_t height(const struct gbdt *f)
{
    uint32_t *depth = xcalloc(f->n_nodes + 1, sizeof *depth), most = 0;

    for (size_t i = 0; i < f->n_nodes; i++) {
        most = depth[i] > most ? depth[i] : most;
        if (f->node[i].left)
            depth[f->node[i].left] = depth[f->node[i].left + 1] = depth[i] + 1;
    }
    free(depth);
    return most;
}

/* x[at], an operator with that axis. */
static const char *look_up(struct opgraph *g, const char *type, const char *x,
                           const char *at, int64_t axis)
{
    struct op *o = opgraph_op(g, type, x, at, NULL);

    op_int(o, "axis", axis);
    return o->out;
}

static const char *cast(struct opgraph *g, const char *x, int64_t type)
{
    struct op *o = opgraph_op(g, "Cast", x, NULL);

    op_int(o, "to", type);
    return o->out;
}

/* The nodes (N, T) below those whose columns have these values. */
static const char *descend(struct opgraph *g, const char *value,
                           const char *split, const char *left)
{
    const char *right =
        opgraph_op(g, "GreaterOrEqual", value, split, NULL)->out;

    return opgraph_op(g, "Add", left, cast(g, right, OP_TO_INT), NULL)->out;
}

/* Where all trees are after their first step: (N, T). */
static const char *first_step(const struct gbdt *f, const struct tables *t,
                              const char *x, struct opgraph *g)
{
    size_t T = f->n_trees ? f->n_trees : 1;
    int64_t *column = xcalloc(T, sizeof *column);
    int64_t *left = xcalloc(T, sizeof *left);
    float *split = xcalloc(T, sizeof *split);
    const char *node;

    for (size_t k = 0; k < T; k++) {
        size_t root = f->n_trees ? f->root[k] : t->M - 1;

        column[k] = t->column[root];
        left[k] = t->left[root];
        split[k] = t->split[root];
    }
    node = look_up(g, "Gather", x, opgraph_ints(g, T, column), 1);
    node = descend(g, node, opgraph_floats(g, 1, &T, split),
                   opgraph_ints(g, T, left));
    free(column);
    free(left);
    free(split);
    return node;
}

const char *gbdt_export(const struct gbdt *f, const char *columns,
                        struct opgraph *g)
{
    struct tables t;
    const char *column, *left, *split, *node, *sum, *base;

    fill_tables(f, &t);
    snprintf(g->scope, sizeof g->scope, "trees");
    node = first_step(f, &t, columns, g);
    column = opgraph_ints(g, t.M, t.column);
    left = opgraph_ints(g, t.M, t.left);
    split = opgraph_floats(g, 1, &t.M, t.split);
    for (size_t k = 1; k < height(f); k++)
        node = descend(g,
                       look_up(g, "GatherElements", columns,
                               look_up(g, "Gather", column, node, 0), 1),
                       look_up(g, "Gather", split, node, 0),
                       look_up(g, "Gather", left, node, 0));
    sum = look_up(g, "Gather", opgraph_floats(g, 1, &t.M, t.adds), node, 0);
    sum = opgraph_op(g, "ReduceSum", cast(g, sum, OP_TO_DOUBLE),
                     opgraph_ints(g, 1, (int64_t[]){1}), NULL)
              ->out; // (N, 1)
    base = opgraph_floats(g, 0, NULL, (float[]){(float)f->base});
    sum = opgraph_op(g, "Add", sum, cast(g, base, OP_TO_DOUBLE), NULL)->out;
    free_tables(&t);
    return cast(g, sum, OP_TO_FLOAT);
}

void gbdt_free(struct gbdt *g)
{
    if (!g)
        return;
    free(g->bytes);
    free(g->node);
    free(g->root);
    free(g);
}
