#include "common/base/node.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/near.h"

static void free_tree(struct node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->n; i++) {
        if (node->key)
            free_tree(node->key[i]);
        free_tree(node->item[i]);
    }
    free(node->key);
    free(node->item);
    free(node->text);
    free(node);
}

void node_free(struct node *root)
{
    char *file = root ? (char *)root->file : NULL;

    free_tree(root);
    free(file);
}

const struct node *node_get(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, key) == 0)
            return map->item[i];
    return NULL;
}

int node_error(const struct node *at, struct err *e, const char *fmt, ...)
{
    char why[sizeof e->msg];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    for (char *c = why; *c; c++) /* an escape in a text must not reach a tty */
        if (iscntrl((unsigned char)*c))
            *c = '?';
    return err_set(e, ERR_DATA, "%.255s:%d: %.700s", at->file, at->line, why);
}

/* The scalar at key: 1 with *text set, 0 if absent, -1 if it is none. */
static int scalar_at(const struct node *map, const char *key,
                     const struct node **found, struct err *e)
{
    *found = node_get(map, key);
    if (!*found)
        return 0;
    if ((*found)->kind != NODE_SCALAR)
        return node_error(*found, e, "%s: one value is wanted, not a %s", key,
                          (*found)->kind == NODE_LIST ? "list" : "map");
    return 1;
}

int node_int(const struct node *map, const char *key, int64_t min, int64_t max,
             int64_t *out, struct err *e)
{
    const struct node *found;
    int rc = scalar_at(map, key, &found, e);
    long long v;
    char *end;

    if (rc <= 0)
        return rc;
    errno = 0;
    v = strtoll(found->text, &end, 10);
    if (end == found->text || *end || errno ||
        isspace((unsigned char)*found->text))
        return node_error(found, e, "%s: '%s' is no whole number", key,
                          found->text);
    if (v < min || v > max)
        return node_error(found, e, "%s: %lld is not in %lld..%lld", key, v,
                          (long long)min, (long long)max);
    *out = v;
    return 0;
}

int node_real(const struct node *map, const char *key, double min, double max,
              double *out, struct err *e)
{
    const struct node *found;
    int rc = scalar_at(map, key, &found, e);
    double v;
    char *end;

    if (rc <= 0)
        return rc;
    v = strtod(found->text, &end);
    if (end == found->text || *end || !isfinite(v) ||
        isspace((unsigned char)*found->text))
        return node_error(found, e, "%s: '%s' is no number", key, found->text);
    if (v < min || v > max)
        return node_error(found, e, "%s: %s is not in %g..%g", key, found->text,
                          min, max);
    *out = v;
    return 0;
}

int node_bool(const struct node *map, const char *key, bool *out, struct err *e)
{
    const struct node *found;
    int rc = scalar_at(map, key, &found, e);
    bool yes;

    if (rc <= 0)
        return rc;
    yes = strcmp(found->text, "true") == 0;
    if (!yes && strcmp(found->text, "false") != 0)
        return node_error(found, e, "%s: '%s' is neither true nor false", key,
                          found->text);
    *out = yes;
    return 0;
}

int node_text(const struct node *map, const char *key, const char **out,
              struct err *e)
{
    const struct node *found;
    int rc = scalar_at(map, key, &found, e);

    if (rc <= 0)
        return rc;
    *out = found->text;
    return 0;
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return false;
}

int node_check_keys(const struct node *map, const char *const *known,
                    struct err *e)
{
    char list[512] = "";
    const char *near;
    size_t len = 0;

    if (map->kind != NODE_MAP)
        return node_error(map, e, "keys and values are wanted here");
    for (size_t i = 0; i < map->n; i++) {
        if (is_known(map->key[i]->text, known))
            continue;
        near = near_name(map->key[i]->text, known);
        for (; *known && len < sizeof list; known++)
            len +=
                (size_t)snprintf(list + len, sizeof list - len, " %s", *known);
        return node_error(map->key[i], e, "unknown key '%.100s'%s%s; known:%s",
                          map->key[i]->text, near ? "; near: " : "",
                          near ? near : "", list);
    }
    return 0;
}
