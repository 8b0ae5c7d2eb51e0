#ifndef FORMATS_CONFIG_H
#define FORMATS_CONFIG_H

#include "common/base/cli.h"
#include "common/base/node.h"

enum {
    CONFIG_MAX_FILE = 1 << 20, /* bytes of a file a person wrote */
    CONFIG_MAX_TEXT =
        16 << 20, /* bytes of any text, the head of a checkpoint */
    CONFIG_MAX_DEPTH = 64,
    CONFIG_MAX_NODES = 100000, /* scalars, keys, lists and maps */
};

/*
 * YAML, through libyaml, as a tree.  JSON is YAML, so the head of a checkpoint
 * is read here too.  What breaks a limit above, a duplicate key, an anchor or
 * alias, a tag, a second document, bad UTF-8 is an error "FILE:LINE: why"
 * (ERR_DATA).  On success the caller frees *root with node_free(); on failure
 * it is NULL.  `name` stands for the file in messages.
 */
int config_read(struct node **root, const char *path, struct err *e);
int config_parse(struct node **root, const char *name, const char *text,
                 size_t len, struct err *e);

/*
 * Set the options of a tool from the scalars (and, for options that repeat,
 * lists) at the top level of the file, unless the command line set them.  Keys
 * in `others` (ends with NULL; may be NULL) belong to the tool and are left
 * alone; any other is an error that names file and line.
 */
int config_options(const struct node *root, struct cli *cli,
                   const char *const *others, struct err *e);

/* Both at once, for tools whose file holds options only; path NULL: nothing. */
int config_file_options(const char *path, struct cli *cli, struct err *e);

#endif
