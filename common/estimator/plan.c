#include "common/estimator/plan.h"

#include <string.h>

#include "common/estimator/kind.h"

int plan_read(struct plan *p, const struct node *root, struct err *e)
{
    const struct node *model = node_get(root, "model");

    memset(p, 0, sizeof *p);
    if (estimator_kind_find(&p->kind, model, e) < 0)
        return -1;
    if (p->kind == &kind_network)
        return recipe_read(&p->recipe, root, e);
    p->recipe.family = p->kind->name;
    p->recipe.model = model;
    train_options_init(&p->recipe.train);
    if (node_text(root, "family", &p->recipe.family, e) < 0)
        return -1;
    return p->kind->read(p, root, e);
}

void plan_to_labels(const struct plan *p, struct labels *ls)
{
    if (p->kind == &kind_network)
        recipe_to_labels(&p->recipe, ls);
    else
        p->kind->to_labels(p, ls);
}

bool plan_is_closed(const struct plan *p)
{
    return p->kind != &kind_network || p->recipe.method == TRAIN_RIDGE;
}

int plan_read_method(const struct node *root, const char *method, struct err *e)
{
    const struct node *training = node_get(root, "training");
    const char *name = method;

    if (node_text(training, "method", &name, e) < 0)
        return -1;
    if (strcmp(name, method) == 0)
        return 0;
    return node_error(node_get(training, "method"), e,
                      "method '%.100s': a model of this kind is trained by %s",
                      name, method);
}
