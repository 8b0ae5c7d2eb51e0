#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * A document as a tree: what formats/config.c makes of YAML (and JSON), and
 * what models and maps are built from.  Every node knows its line, so that an
 * error can name it.
 */
enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    int line;          /* from 1; 0: node_set() made it */
    const char *file;  /* on the heap, one for the tree: the root's */
    char *text;        /* NODE_SCALAR */
    size_t n;          /* NODE_LIST: items; NODE_MAP: pairs */
    struct node **key; /* NODE_MAP: scalars */
    struct node **item;
};

/* Free a whole tree and its file name; only ever the root.  NULL is legal. */
void node_free(struct node *root);

/* The value at key of a map, NULL where there is none (or `map` is no map). */
const struct node *node_get(const struct node *map, const char *key);

/*
 * Typed reading.  Where the key is absent *out keeps its value (the default)
 * and 0 is returned; a value of the wrong kind or out of [min, max] is an
 * error that names file, line, key and what would be right (ERR_DATA).
 */
int node_int(const struct node *map, const char *key, int64_t min, int64_t max,
             int64_t *out, struct err *e);
int node_real(const struct node *map, const char *key, double min, double max,
              double *out, struct err *e);
int node_bool(const struct node *map, const char *key, bool *out,
              struct err *e);
int node_text(const struct node *map, const char *key, const char **out,
              struct err *e); /* borrowed from the tree */

/*
 * "a.b=5": let the value at key b of the map at key a be the scalar 5, whether
 * or not it is there; the map must be.  For what an option says instead of the
 * file; an error of such a value calls it "FILE: as set".  Returns 0, or -1
 * with e filled (ERR_USAGE): no such map, another kind of value, no key.
 */
int node_set(struct node *root, const char *text, struct err *e);
int node_set_all(struct node *root, const struct strings *texts, struct err *e);

/* A key of the map that is none of `known` (ends with NULL) is an error that
 * names its line, the nearest known one if any is near, and lists them all. */
int node_check_keys(const struct node *map, const char *const *known,
                    struct err *e);

/* "FILE:LINE: message" with ERR_DATA; returns -1. */
int node_error(const struct node *at, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
