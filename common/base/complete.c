#include "common/base/complete.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/complete_parts.h"
#include "common/base/xalloc.h"

const char complete_shells[] = "bash|zsh|fish";

const struct opt opt_help = {
    .type = OPT_FLAG, .name = "help", .help = "show this"};
const struct opt opt_version = {
    .type = OPT_FLAG, .name = "version", .help = "show the version"};

/* A file is more than a word; of one kind there may be several. */
static void add(struct value *v, enum value_kind kind, const char *word)
{
    if (kind < v->kind)
        return;
    if (kind > v->kind)
        strings_release(&v->words);
    v->kind = kind;
    if (word)
        strings_add(&v->words, word);
}

/* One of "SWEEP.yaml|DIR". */
static void add_called(struct value *v, const char *name)
{
    const char *dot = strrchr(name, '.');
    char pattern[16];

    if (dot) {
        snprintf(pattern, sizeof pattern, "*%s", dot);
        add(v, VALUE_FILES, pattern);
    } else if (strstr(name, "MODEL") || strstr(name, "CKPT")) {
        add(v, VALUE_FILES, "*.ckpt");
        add(v, VALUE_FILES, "default");
    } else if (strstr(name, "FILE")) {
        add(v, VALUE_FILES, "*");
    } else if (strstr(name, "DIR")) {
        add(v, VALUE_FOLDERS, NULL);
    } else if (!name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")]) {
        add(v, VALUE_WORDS, name);
    }
}

static void each_word(struct value *v, const char *text,
                      void (*take)(struct value *v, const char *word))
{
    char *all = xstrdup(text), *rest = all, *word;

    while ((word = strsep(&rest, "|, ")))
        if (*word)
            take(v, word);
    free(all);
}

static void add_choice(struct value *v, const char *word)
{
    add(v, strchr(word, '*') ? VALUE_FILES : VALUE_WORDS, word);
}

struct value value_of(const struct opt *o)
{
    struct value v = {VALUE_NONE, {0}};

    if (o->type == OPT_FLAG)
        return v;
    v.kind = VALUE_ANY;
    if (o->choices)
        each_word(&v, o->choices, add_choice);
    else if (o->arg)
        each_word(&v, o->arg, add_called);
    if (v.kind == VALUE_WORDS && o->arg && strstr(o->arg, "LIST"))
        v.kind = VALUE_LIST;
    return v;
}

/* The operands of "-c X.yaml [OPTIONS] MODEL [FILE...]": MODEL and FILE. */
static void operand_names(struct strings *names, const char *usage)
{
    char *all = xstrdup(usage), *rest = all, *word, *dots;

    while ((word = strsep(&rest, " []"))) {
        if ((dots = strstr(word, "...")))
            *dots = '\0';
        if (*word == '-' && strcmp(word, "--") != 0)
            strsep(&rest, " []"); /* and what it is given */
        else if (*word && strcmp(word, "OPTIONS") != 0)
            strings_add(names, word);
        if (strcmp(word, "--") == 0)
            break;
    }
    free(all);
}

struct value value_of_operand(const struct cli *cli, size_t i, bool *last)
{
    struct strings names = {0};
    struct value v = {VALUE_ANY, {0}};

    operand_names(&names, cli->usage);
    *last = i + 1 >= names.n;
    if (i < names.n && strcmp(names.at[i], "--") == 0)
        v.kind = VALUE_COMMAND;
    else if (i < names.n)
        each_word(&v, names.at[i], add_called);
    strings_release(&names);
    return v;
}

void put_named(FILE *f, const char *text, const char *name)
{
    for (; *text; text++) {
        putc(*text == '@' ? '_' : *text, f);
        for (const char *s = name; *text == '@' && *s; s++)
            putc(*s == '-' ? '_' : *s, f);
    }
}

void put_words(FILE *f, const struct strings *words, const char *separator,
               const char *quote)
{
    for (size_t i = 0; i < words->n; i++)
        fprintf(f, "%s%s%s%s", i ? separator : "", quote, words->at[i], quote);
}

int complete_write(FILE *f, const struct cli *cli, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        complete_bash(f, cli);
    else if (strcmp(shell, "zsh") == 0)
        complete_zsh(f, cli);
    else if (strcmp(shell, "fish") == 0)
        complete_fish(f, cli);
    else
        return -1;
    return 0;
}
