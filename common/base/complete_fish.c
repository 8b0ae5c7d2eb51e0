#include "common/base/complete_parts.h"

#include <string.h>

/* Write text inside of fish's '...'. */
static void put_escaped(FILE *f, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            putc('\\', f);
        putc(*text, f);
    }
}

/* Those of the pattern first; all where it is "*". */
static void fish_files(FILE *f, const struct strings *patterns)
{
    if (strings_find(patterns, "*") >= 0) {
        fputs(" -r -F", f);
        return;
    }
    fputs(" -x -k -a '", f);
    for (size_t i = 0; i < patterns->n; i++) {
        const char *word = patterns->at[i];

        fprintf(f, *word == '*' ? "(__fish_complete_suffix \"%s\") " : "%s ",
                word + (*word == '*'));
    }
    putc('\'', f);
}

static void fish_action(FILE *f, const struct value *v)
{
    switch (v->kind) {
    case VALUE_WORDS:
        fputs(" -x -a '", f);
        put_words(f, &v->words, " ", "");
        putc('\'', f);
        break;
    case VALUE_LIST:
        fputs(" -x -a '(__fish_complete_list , \"string join \\\\n ", f);
        put_words(f, &v->words, " ", "");
        fputs("\")'", f);
        break;
    case VALUE_FILES:
        fish_files(f, &v->words);
        break;
    case VALUE_FOLDERS:
        fputs(" -x -a '(__fish_complete_directories)'", f);
        break;
    case VALUE_COMMAND:
        fputs(" -x -a '(set -l t (commandline -opc) (commandline -ct); "
              "set -l i (contains -i -- -- $t); "
              "__fish_complete_subcommand --commandline "
              "$t[(math $i + 1)..-1])'",
              f);
        break;
    case VALUE_ANY:
        fputs(" -x", f);
        break;
    case VALUE_NONE:
        break;
    }
}

static void fish_option(FILE *f, const struct cli *cli, const struct opt *o)
{
    struct value v = value_of(o);

    fprintf(f, "complete -c %s", cli->name);
    if (o->letter)
        fprintf(f, " -s %c", o->letter);
    fprintf(f, " -l %s", o->name);
    fish_action(f, &v);
    fputs(" -d '", f);
    put_escaped(f, o->help, "'\\");
    fputs("'\n", f);
    strings_release(&v.words);
}

static void fish_operands(FILE *f, const struct cli *cli)
{
    bool last = false;

    for (size_t i = 0; !last; i++) {
        struct value v = value_of_operand(cli, i, &last);

        if (v.kind != VALUE_ANY) {
            fprintf(f, "complete -c %s", cli->name);
            if (v.kind == VALUE_COMMAND)
                fputs(" -n 'contains -- -- (commandline -opc)'", f);
            else if (!last)
                fputs(" -n __fish_use_subcommand", f);
            else if (i)
                fputs(" -n 'not __fish_use_subcommand'", f);
            fish_action(f, &v);
            putc('\n', f);
        }
        strings_release(&v.words);
    }
}

void complete_fish(FILE *f, const struct cli *cli)
{
    fprintf(f,
            "# What fish completes of %s: options, their values, files.\n"
            "complete -c %s -f\n",
            cli->name, cli->name);
    for (const struct opt *o = cli->opts; o->type != OPT_END; o++)
        fish_option(f, cli, o);
    fish_option(f, cli, &opt_help);
    fish_option(f, cli, &opt_version);
    fish_operands(f, cli);
}
