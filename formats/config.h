#ifndef FORMATS_CONFIG_H
#define FORMATS_CONFIG_H

#include "common/base/cli.h"
#include "common/base/node.h"

/*
 * YAML, through libyaml, as a tree.  JSON is YAML, so the head of a checkpoint
 * is read here too.  Depth, size and number of nodes are limited; a duplicate
 * key, an alias, a second document is an error with its line.
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

#endif
