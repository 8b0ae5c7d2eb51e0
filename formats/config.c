#include "formats/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "common/base/near.h"
#include "common/base/xalloc.h"

/* One document on its way from events to a tree. */
struct loader {
    yaml_parser_t parser;
    struct node *root;
    const char *file; /* freed with the root */
    const char *text;
    size_t nodes;
    struct err *e;
};

/* libyaml counts bytes, not lines, when it meets what is no UTF-8. */
static int line_at(const char *text, size_t offset)
{
    int line = 1;

    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static int fail(struct loader *l, size_t line, const char *why)
{
    struct node at = {.file = l->file, .line = (int)line};

    return node_error(&at, l->e, "%s", why);
}

/* The next event; the caller deletes it. */
static int next_event(struct loader *l, yaml_event_t *event)
{
    yaml_parser_t *p = &l->parser;

    if (yaml_parser_parse(p, event))
        return 0;
    memset(event, 0, sizeof *event);
    if (p->error == YAML_MEMORY_ERROR)
        return err_set(l->e, ERR_SYSTEM, "%s: out of memory", l->file);
    if (p->error == YAML_READER_ERROR)
        return fail(l, (size_t)line_at(l->text, p->problem_offset), p->problem);
    return fail(l, p->problem_mark.line + 1, p->problem);
}

static int refuse_decoration(struct loader *l, const yaml_event_t *event,
                             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return fail(l, event->start_mark.line + 1,
                    "anchors (&name) are not taken; write the value again");
    if (tag)
        return fail(l, event->start_mark.line + 1,
                    "tags (!name) are not taken; leave it out");
    return 0;
}

static int check_event(struct loader *l, const yaml_event_t *event)
{
    size_t line = event->start_mark.line + 1;

    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail(l, line,
                    "aliases (*name) are not taken; write the value again");
    case YAML_SCALAR_EVENT:
        if (memchr(event->data.scalar.value, 0, event->data.scalar.length))
            return fail(l, line, "a NUL character in a text");
        return refuse_decoration(l, event, event->data.scalar.anchor,
                                 event->data.scalar.tag);
    case YAML_SEQUENCE_START_EVENT:
        return refuse_decoration(l, event, event->data.sequence_start.anchor,
                                 event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return refuse_decoration(l, event, event->data.mapping_start.anchor,
                                 event->data.mapping_start.tag);
    default:
        return fail(l, line, "a value is missing");
    }
}

static int load_node(struct loader *l, const yaml_event_t *event, int depth,
                     struct node **out);

/* Append what `event` begins to a list or, with its value, to a map. */
static int load_item(struct loader *l, struct node *node, size_t *cap,
                     yaml_event_t *event, int depth)
{
    yaml_event_t value;
    int rc;

    if (node->n == *cap) {
        *cap = *cap ? 2 * *cap : 4;
        node->item = xreallocarray(node->item, *cap, sizeof *node->item);
        if (node->kind == NODE_MAP)
            node->key = xreallocarray(node->key, *cap, sizeof *node->key);
    }
    node->item[node->n] = NULL;
    if (node->kind == NODE_LIST)
        return load_node(l, event, depth, &node->item[node->n++]);
    node->key[node->n++] = NULL;
    if (event->type != YAML_SCALAR_EVENT)
        return fail(l, event->start_mark.line + 1, "a key must be one word");
    if (load_node(l, event, depth, &node->key[node->n - 1]) < 0)
        return -1;
    rc = next_event(l, &value);
    if (rc == 0)
        rc = load_node(l, &value, depth, &node->item[node->n - 1]);
    yaml_event_delete(&value);
    return rc;
}

static int by_text(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a;
    const struct node *y = *(struct node *const *)b;
    int order = strcmp(x->text, y->text);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* Sorting, because comparing each with each is slow where that is meant. */
static int check_duplicates(const struct node *map, struct err *e)
{
    struct node **keys = xcalloc(map->n, sizeof *keys);
    int rc = 0;

    if (map->n)
        memcpy(keys, map->key, map->n * sizeof *keys);
    qsort(keys, map->n, sizeof *keys, by_text);
    for (size_t i = 1; i < map->n && rc == 0; i++)
        if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
            rc = node_error(keys[i], e,
                            "'%.100s' is here twice, first in "
                            "line %d",
                            keys[i]->text, keys[i - 1]->line);
    free(keys);
    return rc;
}

static int load_items(struct loader *l, struct node *node, int depth)
{
    yaml_event_type_t last = node->kind == NODE_LIST ? YAML_SEQUENCE_END_EVENT
                                                     : YAML_MAPPING_END_EVENT;
    yaml_event_t event;
    bool more = true;
    size_t cap = 0;
    int rc = 0;

    while (rc == 0 && more) {
        rc = next_event(l, &event);
        more = event.type != last;
        if (rc == 0 && more)
            rc = load_item(l, node, &cap, &event, depth);
        yaml_event_delete(&event);
    }
    if (rc == 0 && node->kind == NODE_MAP)
        rc = check_duplicates(node, l->e);
    return rc;
}

/* What is built hangs on *out at once, so that the root frees it on errors. */
static int load_node(struct loader *l, const yaml_event_t *event, int depth,
                     struct node **out)
{
    struct node *node;
    char why[64];

    if (check_event(l, event) < 0)
        return -1;
    snprintf(why, sizeof why, "more than %d values", CONFIG_MAX_NODES);
    if (++l->nodes > CONFIG_MAX_NODES)
        return fail(l, event->start_mark.line + 1, why);
    snprintf(why, sizeof why, "nested deeper than %d", CONFIG_MAX_DEPTH);
    if (depth > CONFIG_MAX_DEPTH)
        return fail(l, event->start_mark.line + 1, why);
    node = *out = xcalloc(1, sizeof *node);
    node->file = l->file;
    node->line = (int)event->start_mark.line + 1;
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = NODE_SCALAR;
        node->text = xstrdup((const char *)event->data.scalar.value);
        return 0;
    }
    node->kind = event->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST;
    return load_items(l, node, depth + 1);
}

/* Expect an event that carries no value. */
static int skip_event(struct loader *l, yaml_event_type_t type,
                      const char *otherwise)
{
    yaml_event_t event;
    int rc = next_event(l, &event);

    if (rc == 0 && event.type != type)
        rc = fail(l, event.start_mark.line + 1, otherwise);
    yaml_event_delete(&event);
    return rc;
}

static int load_document(struct loader *l)
{
    yaml_event_t event;
    int rc;

    if (skip_event(l, YAML_STREAM_START_EVENT, "no YAML") < 0 ||
        skip_event(l, YAML_DOCUMENT_START_EVENT,
                   "empty: keys and values are wanted") < 0)
        return -1;
    rc = next_event(l, &event);
    if (rc == 0)
        rc = load_node(l, &event, 0, &l->root);
    yaml_event_delete(&event);
    if (rc < 0 || skip_event(l, YAML_DOCUMENT_END_EVENT, "no end") < 0)
        return -1;
    return skip_event(l, YAML_STREAM_END_EVENT,
                      "a second document; one file holds one");
}

int config_parse(struct node **root, const char *name, const char *text,
                 size_t len, struct err *e)
{
    struct loader l = {.file = xstrdup(name), .text = text, .e = e};
    int rc;

    *root = NULL;
    if (len > CONFIG_MAX_TEXT) {
        free((char *)l.file);
        return err_set(e, ERR_DATA, "%s: larger than %d MiB", name,
                       CONFIG_MAX_TEXT >> 20);
    }
    if (!yaml_parser_initialize(&l.parser)) {
        free((char *)l.file);
        return err_set(e, ERR_SYSTEM, "%s: out of memory", name);
    }
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, len);
    rc = load_document(&l);
    yaml_parser_delete(&l.parser);
    if (rc == 0) {
        *root = l.root;
        return 0;
    }
    if (l.root)
        node_free(l.root);
    else
        free((char *)l.file);
    return -1;
}

int config_read(struct node **root, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t len;
    int rc = -1;

    *root = NULL;
    if (!f)
        return err_sys(e, "%s", path);
    text = xmalloc(CONFIG_MAX_FILE + 1);
    len = fread(text, 1, CONFIG_MAX_FILE + 1, f);
    if (ferror(f))
        err_sys(e, "%s", path);
    else if (len > CONFIG_MAX_FILE)
        err_set(e, ERR_DATA, "%s: larger than %d MiB: no configuration", path,
                CONFIG_MAX_FILE >> 20);
    else
        rc = config_parse(root, path, text, len, e);
    free(text);
    fclose(f);
    return rc;
}

static const struct opt *find_option(const struct cli *cli, const char *name)
{
    for (const struct opt *o = cli->opts; o->type != OPT_END; o++)
        if (strcmp(o->name, name) == 0)
            return strcmp(name, "config") != 0 ? o : NULL;
    return NULL;
}

static int set_value(const struct node *at, const struct node *value,
                     struct cli *cli, struct err *e)
{
    struct err why;

    if (value->kind != NODE_SCALAR)
        return node_error(value, e, "%s: one value is wanted", at->text);
    if (cli_set(cli, at->text, value->text, &why) == 0)
        return 0;
    return node_error(value, e, "%s", why.msg);
}

enum { MAX_NAMES = 64 };

/* Name the option or the other key that may be meant. */
static int unknown_key(const struct node *key, const struct cli *cli,
                       const char *const *others, struct err *e)
{
    const char *known[MAX_NAMES + 1] = {NULL}, *near;
    size_t n = 0;

    for (const struct opt *o = cli->opts; o->type != OPT_END; o++)
        if (n < MAX_NAMES)
            known[n++] = o->name;
    for (; others && *others && n < MAX_NAMES; others++)
        known[n++] = *others;
    near = near_name(key->text, known);
    return node_error(
        key, e, "unknown key '%.100s'%s%s; %s --help lists the options",
        key->text, near ? "; near: " : "", near ? near : "", cli->name);
}

static int set_option(const struct node *key, const struct node *value,
                      struct cli *cli, const char *const *others, struct err *e)
{
    const struct opt *o = find_option(cli, key->text);

    if (!o)
        return unknown_key(key, cli, others, e);
    if (value->kind != NODE_LIST || o->type != OPT_STRINGS)
        return set_value(key, value, cli, e);
    for (size_t i = 0; i < value->n; i++)
        if (set_value(key, value->item[i], cli, e) < 0)
            return -1;
    return 0;
}

static bool among(const char *key, const char *const *others)
{
    for (; others && *others; others++)
        if (strcmp(key, *others) == 0)
            return true;
    return false;
}

int config_options(const struct node *root, struct cli *cli,
                   const char *const *others, struct err *e)
{
    if (root->kind != NODE_MAP)
        return node_error(root, e, "keys and values are wanted here");
    for (size_t i = 0; i < root->n; i++) {
        if (among(root->key[i]->text, others))
            continue;
        if (set_option(root->key[i], root->item[i], cli, others, e) < 0)
            return -1;
    }
    return 0;
}

int config_file_options(const char *path, struct cli *cli, struct err *e)
{
    struct node *root = NULL;
    int status = 0;

    if (path)
        status = config_read(&root, path, e);
    if (status == 0 && root)
        status = config_options(root, cli, NULL, e);
    node_free(root);
    return status;
}
