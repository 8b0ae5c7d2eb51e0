#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include <stdio.h>

#include "common/base/labels.h"
#include "common/base/node.h"

/*
 * Writing JSON that libyaml, too, reads back as it was (config_parse()).
 * What could not be written shows in ferror(f).
 */

/* A string in quotes.  A byte that is no UTF-8 is taken as Latin-1. */
void json_text(FILE *f, const char *text);

/* A tree on one line; scalars that are JSON numbers or truth values stay so. */
void json_node(FILE *f, const struct node *n);

/* The same, as a string on the heap. */
char *json_of(const struct node *n);

/* Labels as an object on one line, which ends with a newline, on the heap. */
char *json_of_labels(const struct labels *ls);

#endif
