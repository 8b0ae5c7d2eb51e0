#ifndef BASE_COMPLETE_PARTS_H
#define BASE_COMPLETE_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "common/base/cli.h"

/* What the writers of completion share; for complete*.c alone. */

/* What stands for an option's value, or for an operand. */
enum value_kind {
    VALUE_NONE, /* of a flag */
    VALUE_ANY,  /* nothing to offer */
    VALUE_WORDS,
    VALUE_LIST, /* of words, between commas */
    VALUE_FOLDERS,
    VALUE_FILES, /* and folders */
    VALUE_COMMAND,
};

struct value {
    enum value_kind kind;
    struct strings words; /* of files patterns, with *, and words; to be
                             released */
};

struct value value_of(const struct opt *o);

/*
 * Operand i of the usage, from 0; the last one stands for all that follow.
 */
struct value value_of_operand(const struct cli *cli, size_t i, bool *last);

/* Behind the options of a table stand those that every table lacks. */
extern const struct opt opt_help, opt_version;

/* Write text, each '@' of which is "_rapl_dump" for rapl-dump. */
void put_named(FILE *f, const char *text, const char *name);

void put_words(FILE *f, const struct strings *words, const char *separator,
               const char *quote);

void complete_bash(FILE *f, const struct cli *cli);
void complete_zsh(FILE *f, const struct cli *cli);
void complete_fish(FILE *f, const struct cli *cli);

#endif
