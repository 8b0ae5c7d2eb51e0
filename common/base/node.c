#include "common/base/node.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/near.h"
#include "common/base/xalloc.h"

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
    if (at->line == 0)
        return err_set(e, ERR_DATA, "%.255s: as set: %.700s", at->file, why);
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

static struct node *new_scalar(const struct node *near, const char *text,
                               size_t len)
{
    struct node *node = xcalloc(1, sizeof *node);

    node->kind = NODE_SCALAR;
    node->file = near->file;
    node->text = xstrndup(text, len);
    return node;
}

/* The place of a key of n bytes in a map; its end if it is not there. */
static size_t place_of(const struct node *map, const char *key, size_t n)
{
    size_t i = 0;

    while (map->kind == NODE_MAP && i < map->n &&
           (strncmp(map->key[i]->text, key, n) != 0 || map->key[i]->text[n]))
        i++;
    return map->kind == NODE_MAP ? i : map->n;
}

static void add_pair(struct node *map, const char *key, size_t n,
                     const char *text)
{
    map->key = xreallocarray(map->key, map->n + 1, sizeof *map->key);
    map->item = xreallocarray(map->item, map->n + 1, sizeof *map->item);
    map->key[map->n] = new_scalar(map, key, n);
    map->item[map->n] = new_scalar(map, text, strlen(text));
    map->n++;
}

int node_set(struct node *root, const char *text, struct err *e)
{
    const char *key = text, *is = strchr(text, '=');
    struct node *map = root;
    size_t n, at;

    if (!is)
        return err_set(e, ERR_USAGE, "cannot set '%.100s': write KEY=VALUE",
                       text);
    while (key[n = strcspn(key, ".=")] == '.') {
        at = place_of(map, key, n);
        if (at == map->n)
            break;
        map = map->item[at];
        key += n + 1;
    }
    if (key[n] == '.' || n == 0 || map->kind != NODE_MAP)
        return err_set(e, ERR_USAGE,
                       "cannot set '%.100s': %.255s has no map for it", text,
                       root->file);
    at = place_of(map, key, n);
    if (at == map->n) {
        add_pair(map, key, n, is + 1);
        return 0;
    }
    if (map->item[at]->kind != NODE_SCALAR)
        return err_set(e, ERR_USAGE,
                       "cannot set '%.100s': %.255s:%d is no value", text,
                       root->file, map->item[at]->line);
    free(map->item[at]->text);
    map->item[at]->text = xstrdup(is + 1);
    map->item[at]->line = 0;
    return 0;
}

int node_set_all(struct node *root, const struct strings *texts, struct err *e)
{
    for (size_t i = 0; i < texts->n; i++)
        if (node_set(root, texts->at[i], e) < 0)
            return -1;
    return 0;
}
