#include "common/base/complete_parts.h"

#include <string.h>

/* Write text inside of '...', where these characters need a backslash. */
static void put_escaped(FILE *f, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", f);
            continue;
        }
        if (strchr(special, *text))
            putc('\\', f);
        putc(*text, f);
    }
}

/* A pattern has a *, a word has none. */
static void zsh_files(FILE *f, const struct strings *words)
{
    const char *separator = "";

    fputs("{_files -g \"", f);
    for (size_t i = 0; i < words->n; i++)
        if (strchr(words->at[i], '*')) {
            fprintf(f, "%s%s", separator, words->at[i]);
            separator = " ";
        }
    fputs("\"", f);
    for (size_t i = 0; i < words->n; i++)
        if (!strchr(words->at[i], '*'))
            fprintf(f, "; compadd -- %s", words->at[i]);
    fputs("}", f);
}

static void zsh_action(FILE *f, const struct value *v)
{
    switch (v->kind) {
    case VALUE_WORDS:
        putc('(', f);
        put_words(f, &v->words, " ", "");
        putc(')', f);
        break;
    case VALUE_LIST:
        fputs("_sequence compadd - ", f);
        put_words(f, &v->words, " ", "");
        break;
    case VALUE_FILES:
        zsh_files(f, &v->words);
        break;
    case VALUE_FOLDERS:
        fputs("_files -/", f);
        break;
    case VALUE_COMMAND:
        fputs("_normal", f);
        break;
    case VALUE_NONE:
    case VALUE_ANY:
        putc(' ', f);
    }
}

static void zsh_option(FILE *f, const struct opt *o)
{
    struct value v = value_of(o);
    const char *eq = v.kind == VALUE_NONE ? "" : "=";

    fputs(" \\\n    '", f);
    if (o->type == OPT_STRINGS)
        fputs(o->letter ? "*'" : "*", f);
    else if (o->letter)
        fprintf(f, "(-%c --%s)'", o->letter, o->name);
    if (o->letter)
        fprintf(f, "{-%c%s,--%s%s}'", o->letter, *eq ? "+" : "", o->name, eq);
    else
        fprintf(f, "--%s%s", o->name, eq);
    putc('[', f);
    put_escaped(f, o->help, "[]\\");
    putc(']', f);
    if (*eq) {
        putc(':', f);
        put_escaped(f, o->arg ? o->arg : "value", ":\\");
        putc(':', f);
        zsh_action(f, &v);
    }
    putc('\'', f);
    strings_release(&v.words);
}

static void zsh_operands(FILE *f, const struct cli *cli)
{
    bool last = false;

    for (size_t i = 0; !last; i++) {
        struct value v = value_of_operand(cli, i, &last);

        if (v.kind != VALUE_ANY) {
            fputs(" \\\n    '", f);
            if (v.kind == VALUE_COMMAND)
                fputs("*::command:", f);
            else if (last)
                fputs("*:file:", f);
            else
                fprintf(f, "%zu:%s:", i + 1,
                        v.kind == VALUE_FILES ? "file" : "verb");
            zsh_action(f, &v);
            putc('\'', f);
        }
        strings_release(&v.words);
    }
}

void complete_zsh(FILE *f, const struct cli *cli)
{
    fprintf(f,
            "#compdef %s\n"
            "# What zsh completes of %s: options, their values, files.\n"
            "_arguments -S",
            cli->name, cli->name);
    for (const struct opt *o = cli->opts; o->type != OPT_END; o++)
        zsh_option(f, o);
    zsh_option(f, &opt_help);
    zsh_option(f, &opt_version);
    zsh_operands(f, cli);
    putc('\n', f);
}
