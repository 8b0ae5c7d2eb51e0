#ifndef BASE_COMPLETE_H
#define BASE_COMPLETE_H

#include <stdio.h>

#include "common/base/cli.h"

/*
 * Completion for a shell, written from what parses and helps: the table of
 * options, what may follow each, and the operands that the usage names.
 *
 * What follows an option is told by its `choices`: words ("csv|tsv"), of which
 * an argument LIST takes several, between commas; or patterns ("*.yaml").  An
 * option without choices, and an operand, is told by its name: a MODEL or CKPT
 * is
 * *.ckpt or the word default, a SWEEP.yaml is *.yaml, a FILE any file, a DIR a
 * folder; for others there is nothing to offer.  An operand of small letters is
 * the word itself ("plan|run"), and what follows -- is a command.
 */

/* The shells, between bars. */
extern const char complete_shells[];

/* Write the script for one of these.  Returns 0, or -1 for another shell. */
int complete_write(FILE *f, const struct cli *cli, const char *shell);

#endif
