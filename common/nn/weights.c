#include "common/nn/weights.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

#define LARGEST 1e6

/* A weight must be a number from 0. */
static int read_weight(const struct node *map, const char *key, double *out,
                       struct err *e)
{
    return node_real(map, key, 0, LARGEST, out, e);
}

/* All values of a map are weights, whatever its keys. */
static int check_map(const struct node *map, const char *what, struct err *e)
{
    double ignored;

    if (map->kind != NODE_MAP || map->n == 0)
        return node_error(map, e, "%s: a map of names and numbers is wanted",
                          what);
    for (size_t i = 0; i < map->n; i++)
        if (read_weight(map, map->key[i]->text, &ignored, e) < 0)
            return -1;
    return 0;
}

static int read_classes(struct weights *w, struct err *e)
{
    static const char *const known[] = {"label", "balance", "weights", NULL};
    bool balance = false;

    if (node_check_keys(w->classes, known, e) < 0 ||
        node_text(w->classes, "label", &w->label, e) < 0 ||
        node_bool(w->classes, "balance", &balance, e) < 0)
        return -1;
    w->by_value = node_get(w->classes, "weights");
    if (!w->label || !*w->label)
        return node_error(w->classes, e,
                          "class_weights: give `label`, the label of the "
                          "recordings that tells their class, say workload");
    if (balance == (w->by_value != NULL))
        return node_error(w->classes, e,
                          "class_weights: give balance: true, or weights: "
                          "{VALUE: NUMBER}");
    return w->by_value ? check_map(w->by_value, "class_weights", e) : 0;
}

int weights_read(struct weights *w, const struct node *training, struct err *e)
{
    *w = (struct weights){.domains = node_get(training, "domain_weights"),
                          .classes = node_get(training, "class_weights")};
    if (w->domains && check_map(w->domains, "domain_weights", e) < 0)
        return -1;
    return w->classes ? read_classes(w, e) : 0;
}

/* All that the map names must be there. */
static int check_names(const struct node *map, const struct strings *names,
                       const char *what, const char *noun, struct err *e)
{
    for (size_t i = 0; i < map->n; i++) {
        const char *name = map->key[i]->text;
        char *list;

        if (strings_find(names, name) >= 0)
            continue;
        list = strings_join(names, ", ");
        node_error(map->key[i], e,
                   "%s: no %s is called '%.100s'; there are: %s", what, noun,
                   name, list);
        free(list);
        return -1;
    }
    return 0;
}

int weights_of_targets(const struct weights *w, const struct strings *targets,
                       double *out, struct err *e)
{
    double sum = 0;

    for (size_t k = 0; k < targets->n; k++)
        out[k] = 1;
    if (!w->domains)
        return 0;
    if (check_names(w->domains, targets, "domain_weights", "target", e) < 0)
        return -1;
    for (size_t k = 0; k < targets->n; k++) {
        if (read_weight(w->domains, targets->at[k], &out[k], e) < 0)
            return -1;
        sum += out[k];
    }
    return sum > 0 ? 0
                   : node_error(w->domains, e,
                                "domain_weights: one at least must be over 0");
}

/* Bring the weights of n (classes) windows to a mean of 1. */
static int normalise(const struct weights *w, size_t classes, const size_t *n,
                     float *weight, struct err *e)
{
    double windows = 0, sum = 0;

    for (size_t i = 0; i < classes; i++) {
        windows += (double)n[i];
        sum += (double)weight[i] * (double)n[i];
    }
    if (!(sum > 0))
        return node_error(w->classes, e,
                          "class_weights: no window to train on has a weight");
    for (size_t i = 0; i < classes; i++)
        weight[i] = (float)(windows / sum * (double)weight[i]);
    return 0;
}

int weights_of_classes(const struct weights *w, const struct strings *classes,
                       const struct window_set *train, float *out,
                       struct err *e)
{
    size_t *n;
    int rc = 0;

    if (classes->n == 1 && !*classes->at[0])
        return node_error(w->classes, e,
                          "class_weights: no recording has the label '%.100s' "
                          "(rapl-dump --header shows the labels)",
                          w->label);
    if (w->by_value &&
        check_names(w->by_value, classes, "class_weights", w->label, e) < 0)
        return -1;
    n = xcalloc(classes->n, sizeof *n);
    for (size_t i = 0; i < train->N; i++)
        n[train->class[train->end[i]]]++;
    for (size_t i = 0; i < classes->n && rc == 0; i++) {
        double weight = w->by_value || n[i] == 0 ? 1 : 1 / (double)n[i];

        rc = read_weight(w->by_value, classes->at[i], &weight, e);
        out[i] = (float)weight;
    }
    if (rc == 0)
        rc = normalise(w, classes->n, n, out, e);
    free(n);
    return rc;
}

/* "a=1,b=0.5" */
static char *text_of(const struct node *map)
{
    struct strings parts = {0};
    char *text;

    for (size_t i = 0; i < map->n; i++) {
        char *part = xasprintf("%s=%s", map->key[i]->text, map->item[i]->text);

        strings_add(&parts, part);
        free(part);
    }
    text = strings_join(&parts, ",");
    strings_release(&parts);
    return text;
}

void weights_to_labels(const struct weights *w, struct labels *ls)
{
    char *text;

    if (w->domains) {
        text = text_of(w->domains);
        labels_set(ls, "training.domain_weights", text);
        free(text);
    }
    if (w->classes) {
        text = w->by_value ? text_of(w->by_value) : xstrdup("balance");
        labels_setf(ls, "training.class_weights", "%s: %s", w->label, text);
        free(text);
    }
}
