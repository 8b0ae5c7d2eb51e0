#include "common/nn/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/branch.h"
#include "common/nn/layers.h"

#define MAX_LAYERS 1000 /* in a list, and in all */
#define MAX_VALUES ((size_t)1 << 26)
#define MAX_DEPTH 5

/* What is being built. */
struct graph {
    struct model *m;
    const struct model_use *use;
    struct err *e;
};

/* Where a list of layers stands. */
struct scope {
    char given[TENSOR_NAME];  /* before names that are given ... */
    char placed[TENSOR_NAME]; /* ... and before those that are places */
    int64_t index;            /* of the first */
    int depth;
    bool aside;
};

/* One item of such a list. */
struct item {
    const struct scope *scope;
    const struct node *at;
    const char *type;
    char name[TENSOR_NAME];
    bool named;
    int64_t index;
    int from[LAYER_FROM]; /* what it reads */
    size_t n_from;
};

/* What stands for several layers: expand() sets *value to what comes out. */
struct composite {
    const char *name;
    const char *const *keys;
    int (*expand)(struct graph *g, const struct item *it, int *value);
};

static int add_list(struct graph *g, const struct scope *scope,
                    const struct node *list, int *value);

int graph_check_list(const struct node *parent, const struct node *list,
                     struct err *e)
{
    if (list && list->kind == NODE_LIST && list->n > 0 && list->n <= MAX_LAYERS)
        return 0;
    return node_error(list ? list : parent, e,
                      "`layers` is wanted here, a list of 1 to %d", MAX_LAYERS);
}

/* ---- one layer ---- */

static bool is_called(const struct layer *l, const char *prefix,
                      const char *name)
{
    size_t n = strlen(prefix);

    return strncmp(l->name, prefix, n) == 0 && strcmp(l->name + n, name) == 0;
}

static int find_layer(const struct model *m, const char *prefix,
                      const char *name)
{
    for (size_t i = 0; i < m->n_layers; i++)
        if (is_called(&m->layer[i], prefix, name))
            return (int)i;
    return LAYER_INPUT;
}

static struct shape shape_of(const struct model *m, int at)
{
    return at == LAYER_INPUT ? m->in : m->layer[at].out;
}

static int check_new(const struct graph *g, const char *name,
                     const struct item *it)
{
    if (strcmp(name, "input") == 0)
        return node_error(it->at, g->e, "`input` is what the window is called");
    if (find_layer(g->m, "", name) != LAYER_INPUT)
        return node_error(it->at, g->e, "two layers are called %s", name);
    if (g->m->n_layers >= MAX_LAYERS)
        return node_error(it->at, g->e, "more than %d layers", MAX_LAYERS);
    return 0;
}

/* A layer for the item, or for a part of it, that reads n values. */
static int append(struct graph *g, const struct layer_type *type,
                  const struct item *it, const char *name, const int *from,
                  size_t n)
{
    struct model *m = g->m;
    struct layer *l;

    if (check_new(g, name, it))
        return -1;
    m->layer = xgrow(m->layer, m->n_layers, &m->layer_cap, sizeof *m->layer);
    l = &m->layer[m->n_layers];
    memset(l, 0, sizeof *l);
    l->type = type;
    l->index = it->index;
    l->aside = it->scope->aside;
    l->n_machines = g->use->n_machines;
    l->n_targets = g->use->n_targets;
    snprintf(l->name, sizeof l->name, "%s", name);
    l->n_from = n;
    for (size_t k = 0; k < n; k++)
        l->from[k] = (struct source){from[k], shape_of(m, from[k])};
    l->in = l->from[0].shape;
    l->n_in = l->in.channels * l->in.length;
    m->n_layers++;
    if (type->setup(l, it->at, g->e))
        return -1;
    l->n_out = l->out.channels * l->out.length;
    if (l->out.channels > MAX_VALUES / l->out.length)
        return node_error(it->at, g->e, "layer %s gives too many values", name);
    return 0;
}

static int last(const struct graph *g)
{
    return (int)g->m->n_layers - 1;
}

/* ---- what stands for several ---- */

/* The scope of an item's own layers. */
static struct scope inside(const struct item *it)
{
    struct scope s = *it->scope;

    snprintf(s.placed, sizeof s.placed, "%.94s.", it->name);
    if (it->named)
        memcpy(s.given, s.placed, sizeof s.given);
    s.index = (it->index + 1) * MAX_LAYERS;
    s.depth++;
    return s;
}

static int add_residual(struct graph *g, const struct item *it, int *value)
{
    const struct node *list = node_get(it->at, "layers");
    struct scope scope = inside(it);
    int ends[2] = {it->from[0], it->from[0]};

    if (graph_check_list(it->at, list, g->e) ||
        add_list(g, &scope, list, &ends[1]) ||
        append(g, &layer_add, it, it->name, ends, 2))
        return -1;
    *value = last(g);
    return 0;
}

static int add_item(struct graph *g, const struct scope *scope, size_t place,
                    const struct node *at, int *value);

/* A path is a list of layers, or one without the brackets. */
static int add_path(struct graph *g, const struct scope *scope, size_t place,
                    const struct node *at, int *value)
{
    struct scope own = *scope;

    if (at->kind != NODE_LIST)
        return add_item(g, scope, place, at, value);
    snprintf(own.placed, sizeof own.placed, "%.70s%zu.", scope->placed, place);
    if (strcmp(scope->placed, scope->given) == 0)
        memcpy(own.given, own.placed, sizeof own.given);
    own.index = (scope->index + (int64_t)place + 1) * MAX_LAYERS;
    own.depth++;
    return add_list(g, &own, at, value);
}

static int add_parallel(struct graph *g, const struct item *it, int *value)
{
    const struct node *paths = node_get(it->at, "paths");
    struct scope scope = inside(it);
    int ends[LAYER_FROM];

    if (!paths || paths->kind != NODE_LIST || paths->n < 1 ||
        paths->n > LAYER_FROM)
        return node_error(paths ? paths : it->at, g->e,
                          "`paths` is wanted here, a list of 1 to %d, each a "
                          "layer or a list of them",
                          LAYER_FROM);
    for (size_t k = 0; k < paths->n; k++) {
        ends[k] = it->from[0];
        if (add_path(g, &scope, k, paths->item[k], &ends[k]))
            return -1;
    }
    if (append(g, &layer_concat, it, it->name, ends, paths->n))
        return -1;
    *value = last(g);
    return 0;
}

/* What a scope or layer calls `name`. */
static int find_value(const struct graph *g, const struct item *it,
                      const struct node *at, int *value)
{
    const char *name = at->kind == NODE_SCALAR ? at->text : "";

    *value = find_layer(g->m, it->scope->given, name);
    if (*value == LAYER_INPUT)
        *value = find_layer(g->m, "", name);
    if (*value == LAYER_INPUT && strcmp(name, "input") != 0)
        return node_error(at, g->e,
                          "no layer before this is called '%.90s', and it is "
                          "not `input`",
                          name);
    if (*value != LAYER_INPUT && g->m->layer[*value].aside && !it->scope->aside)
        return node_error(at, g->e,
                          "%s is in a branch, which only training runs", name);
    return 0;
}

/* The reversal of a branch, if it wants one. */
static int add_reversal(struct graph *g, const struct item *it, int *value)
{
    const struct node *lambda = node_get(it->at, "lambda");
    bool reverse = false;
    char name[TENSOR_NAME];

    if (node_bool(it->at, "reverse", &reverse, g->e))
        return -1;
    if (lambda && !reverse)
        return node_error(lambda, g->e, "lambda is for reverse: true");
    if (!reverse)
        return 0;
    snprintf(name, sizeof name, "%.85s reversed", it->name);
    if (append(g, &layer_reverse, it, name, value, 1))
        return -1;
    *value = last(g);
    return 0;
}

/* The main path goes on with the value that it has. */
static int add_branch(struct graph *g, const struct item *it, int *value)
{
    const struct node *list = node_get(it->at, "layers");
    const struct node *of = node_get(it->at, "of");
    struct scope scope = inside(it);
    struct scope aside = *it->scope;
    struct item own = *it;
    int ends[2] = {it->from[0], LAYER_INPUT};

    (void)value;
    if (!g->use->trained)
        return 0;
    if (it->scope->aside)
        return node_error(it->at, g->e, "a branch cannot have branches");
    scope.aside = aside.aside = true;
    memcpy(scope.given, scope.placed, sizeof scope.given);
    own.scope = &aside;
    if (graph_check_list(it->at, list, g->e) ||
        add_reversal(g, &own, &ends[0]) ||
        add_list(g, &scope, list, &ends[0]) ||
        (of && find_value(g, &own, of, &ends[1])))
        return -1;
    return append(g, &layer_branch, &own, it->name, ends, 2);
}

static const struct composite composites[] = {
    {"residual", (const char *const[]){"layers", NULL}, add_residual},
    {"parallel", (const char *const[]){"paths", NULL}, add_parallel},
    {"branch",
     (const char *const[]){"loss", "of", "weight", "reverse", "lambda",
                           "layers", NULL},
     add_branch},
};

static const struct composite *find_composite(const char *name)
{
    for (size_t i = 0; i < sizeof composites / sizeof *composites; i++)
        if (strcmp(composites[i].name, name) == 0)
            return &composites[i];
    return NULL;
}

/* ---- a list ---- */

static int check_keys(const char *const *keys, const struct node *at,
                      struct err *e)
{
    const char *known[16] = {"type", "name", "from"};

    for (size_t i = 0; keys[i] && i < 12; i++)
        known[i + 3] = keys[i];
    return node_check_keys(at, known, e);
}

/* What an item reads: `before`, unless it says so. */
static int read_from(const struct graph *g, struct item *it, bool joins,
                     int before)
{
    const struct node *from = node_get(it->at, "from");
    size_t n = from && from->kind == NODE_LIST ? from->n : 1;

    if (joins ? n < 2 || n > LAYER_FROM : n != 1)
        return node_error(from ? from : it->at, g->e,
                          joins ? "%s wants from: [a, b, ...], 2 to %d names"
                                : "%s reads one value: from: NAME",
                          it->type, LAYER_FROM);
    it->n_from = n;
    it->from[0] = before;
    for (size_t k = 0; from && k < n; k++)
        if (find_value(g, it, from->kind == NODE_LIST ? from->item[k] : from,
                       &it->from[k]))
            return -1;
    return 0;
}

static int read_item(const struct graph *g, struct item *it, size_t place)
{
    const char *name = NULL;

    if (node_text(it->at, "type", &it->type, g->e) ||
        node_text(it->at, "name", &name, g->e))
        return -1;
    it->named = name;
    it->index = it->scope->index + (int64_t)place;
    if (name)
        snprintf(it->name, sizeof it->name, "%s%s", it->scope->given, name);
    else
        snprintf(it->name, sizeof it->name, "%.70s%zu", it->scope->placed,
                 place);
    return 0;
}

static int add_item(struct graph *g, const struct scope *scope, size_t place,
                    const struct node *at, int *value)
{
    struct item it = {.scope = scope, .at = at, .type = ""};
    const struct composite *many;
    const struct layer_type *type;

    if (read_item(g, &it, place))
        return -1;
    many = find_composite(it.type);
    type = many ? NULL : layer_type_find(it.type);
    if (!many && !type)
        return node_error(at, g->e, "a layer needs a `type`, one of: %s",
                          layer_type_names());
    if (check_keys(many ? many->keys : type->keys, at, g->e) ||
        read_from(g, &it, type && type->joins, *value))
        return -1;
    if (many)
        return many->expand(g, &it, value);
    if (append(g, type, &it, it.name, it.from, it.n_from))
        return -1;
    *value = last(g);
    return 0;
}

static int add_list(struct graph *g, const struct scope *scope,
                    const struct node *list, int *value)
{
    if (scope->depth > MAX_DEPTH)
        return node_error(list, g->e, "layers within layers, over %d deep",
                          MAX_DEPTH);
    for (size_t i = 0; i < list->n; i++)
        if (add_item(g, scope, i, list->item[i], value))
            return -1;
    return 0;
}

/* ---- the whole ---- */

/* The values that it hands a gradient back to, if they learn. */
static size_t n_learned_from(const struct layer *l)
{
    return l->branch ? 1 : l->n_from;
}

/* Every value is read, or there would be no gradient for it. */
static int check_read(const struct model *m, const struct node *at,
                      struct err *e)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        bool read = (int)i == m->output || m->layer[i].branch;

        for (size_t j = i + 1; j < m->n_layers && !read; j++)
            for (size_t k = 0; k < n_learned_from(&m->layer[j]); k++)
                read |= m->layer[j].from[k].at == (int)i;
        if (!read)
            return node_error(at, e, "nothing reads what layer %s gives",
                              m->layer[i].name);
    }
    return 0;
}

static bool has_learned(const struct layer *l)
{
    for (int i = 0; i < l->n_params; i++)
        if (!l->param[i].buffer)
            return true;
    return false;
}

static size_t n_readers(const struct model *m, int at)
{
    size_t n = at == m->output;

    for (size_t j = 0; j < m->n_layers; j++)
        for (size_t k = 0; k < m->layer[j].n_from; k++)
            n += m->layer[j].from[k].at == at;
    return n;
}

/* A dropout does the work of a relu that nothing else reads. */
static void fuse(struct model *m, struct layer *l)
{
    int at = l->from[0].at;

    if (l->type != &layer_dropout || at < 0 ||
        m->layer[at].type != &layer_relu || n_readers(m, at) > 1)
        return;
    l->fused = m->layer[at].fused = true;
    l->scratch = 0;
}

/* What follows from the layers. */
static void finish(struct model *m)
{
    m->cut = xcalloc(m->n_layers, sizeof *m->cut);
    for (size_t i = 0; i < m->n_layers; i++) {
        struct layer *l = &m->layer[i];

        l->learns = has_learned(l);
        for (size_t k = 0; k < n_learned_from(l); k++)
            l->learns |= l->from[k].at >= 0 && m->layer[l->from[k].at].learns;
        fuse(m, l);
        if (l->type->gather)
            m->cut[m->n_cuts++] = i;
    }
    m->n_out = m->layer[m->output].n_out;
}

int graph_build(struct model *m, const struct node *list,
                const struct model_use *use, struct err *e)
{
    struct graph g = {m, use, e};
    struct scope scope = {.index = 0};

    m->output = LAYER_INPUT;
    if (add_list(&g, &scope, list, &m->output))
        return -1;
    if (m->output == LAYER_INPUT)
        return node_error(list, e,
                          "only branches here, and nothing to predict");
    finish(m);
    return use->trained ? check_read(m, list, e) : 0;
}
