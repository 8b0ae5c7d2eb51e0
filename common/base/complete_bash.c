#include "common/base/complete_parts.h"

#include <string.h>

static const char BASH_HELPERS[] =
    "@_words() # WORDS\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "@_list() # WORDS, of which several may stand between commas\n"
    "{\n"
    "    local before=\n"
    "    [[ $cur != *,* ]] || before=${cur%,*},\n"
    "    compopt -o nospace 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- "
    "\"${cur##*,}\")\n"
    "}\n"
    "@_files() # PATTERN...: all where none is like these; what has no * is a "
    "word\n"
    "{\n"
    "    local pattern\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(for pattern; do\n"
    "        [[ $pattern != *\\** ]] || compgen -f -X \"!$pattern\" -- "
    "\"$cur\"\n"
    "    done)\n"
    "    ((${#COMPREPLY[*]})) || mapfile -t COMPREPLY < <(compgen -f -- "
    "\"$cur\")\n"
    "    mapfile -t -O ${#COMPREPLY[*]} COMPREPLY < <(compgen -d -- "
    "\"$cur\")\n"
    "    mapfile -t -O ${#COMPREPLY[*]} COMPREPLY < <(for pattern; do\n"
    "        [[ $pattern == *\\** ]] || compgen -W \"$pattern\" -- \"$cur\"\n"
    "    done)\n"
    "}\n"
    "@_folders()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "}\n"
    "@_command() # INDEX of its first word\n"
    "{\n"
    "    if declare -F _command_offset >/dev/null; then\n"
    "        _command_offset $1\n"
    "    elif ((COMP_CWORD == $1)); then\n"
    "        mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
    "    else\n"
    "        @_files '*'\n"
    "    fi\n"
    "}\n";

/* `want` is the option whose value comes, n counts operands. */
static const char BASH_SCAN[] =
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ -n $want ]]; then\n"
    "            [[ $word == = ]] || want=\n"
    "        elif [[ $word == -- ]]; then\n"
    "            ends=$((i + 1))\n"
    "            break\n"
    "        elif [[ $valued == *\" $word \"* ]]; then\n"
    "            want=$word\n"
    "        elif [[ $word != -?* ]]; then\n"
    "            n=$((n + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $want ]]; then\n"
    "        [[ $cur != = ]] || cur=\n"
    "        @_value \"$want\"\n"
    "    elif ((ends)); then\n"
    "        @_operand $((n + COMP_CWORD - ends)) $ends\n"
    "    elif [[ $cur == --*=* ]]; then\n"
    "        want=${cur%%=*} cur=${cur#*=}\n"
    "        @_value \"$want\"\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        @_words \"$options\"\n"
    "    else\n"
    "        @_operand $n 0\n"
    "    fi\n"
    "}\n";

static void bash_action(FILE *f, const struct cli *cli, const struct value *v)
{
    static const char *const calls[] = {[VALUE_WORDS] = "@_words '",
                                        [VALUE_LIST] = "@_list '",
                                        [VALUE_FILES] = "@_files ",
                                        [VALUE_FOLDERS] = "@_folders",
                                        [VALUE_COMMAND] =
                                            "((!$2)) || @_command $2"};
    bool is_words = v->kind == VALUE_WORDS || v->kind == VALUE_LIST;

    put_named(f, calls[v->kind] ? calls[v->kind] : ":", cli->name);
    if (is_words || v->kind == VALUE_FILES)
        put_words(f, &v->words, " ", is_words ? "" : "'");
    fputs(is_words ? "' ;;\n" : " ;;\n", f);
}

static void bash_values(FILE *f, const struct cli *cli)
{
    put_named(f, "@_value() # OPTION: what may follow it\n{\n    case $1 in\n",
              cli->name);
    for (const struct opt *o = cli->opts; o->type != OPT_END; o++) {
        struct value v = value_of(o);

        if (v.kind > VALUE_ANY) {
            fprintf(f, "    --%s", o->name);
            if (o->letter)
                fprintf(f, " | -%c", o->letter);
            fputs(") ", f);
            bash_action(f, cli, &v);
        }
        strings_release(&v.words);
    }
    fputs("    esac\n}\n", f);
}

static void bash_operands(FILE *f, const struct cli *cli)
{
    bool last = false;

    put_named(
        f, "@_operand() # NUMBER INDEX, 0 but behind --\n{\n    case $1 in\n",
        cli->name);
    for (size_t i = 0; !last; i++) {
        struct value v = value_of_operand(cli, i, &last);

        if (last)
            fputs("    *) ", f);
        else
            fprintf(f, "    %zu) ", i);
        bash_action(f, cli, &v);
        strings_release(&v.words);
    }
    fputs("    esac\n}\n", f);
}

/* The options, or those of them that take a value. */
static void bash_names(FILE *f, const struct cli *cli, bool valued)
{
    for (const struct opt *o = cli->opts; o->type != OPT_END; o++) {
        if (valued && o->type == OPT_FLAG)
            continue;
        fprintf(f, " --%s", o->name);
        if (o->letter && valued)
            fprintf(f, " -%c", o->letter);
    }
    fputs(valued ? " " : " --help --version", f);
}

void complete_bash(FILE *f, const struct cli *cli)
{
    fprintf(f, "# What bash completes of %s: options, their values, files.\n",
            cli->name);
    put_named(f, BASH_HELPERS, cli->name);
    bash_values(f, cli);
    bash_operands(f, cli);
    put_named(f, "@()\n{\n", cli->name);
    fputs("    local cur=${COMP_WORDS[COMP_CWORD]} want= word i n=0 ends=0\n"
          "    local valued='",
          f);
    bash_names(f, cli, true);
    fputs("'\n    local options='", f);
    bash_names(f, cli, false);
    fputs("'\n\n    COMPREPLY=()\n", f);
    put_named(f, BASH_SCAN, cli->name);
    put_named(f, "complete -F @ ", cli->name);
    fprintf(f, "%s\n", cli->name);
}
