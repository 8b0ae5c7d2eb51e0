#!/bin/sh
# What bash, zsh and fish offer behind each program: all of its options, the
# words that an option takes, files by their suffix, and commands behind --.
# Each shell that is not here is skipped, and says so.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$TMP/d/folder" "$TMP/zsh" "$TMP/home" && cd "$TMP/d" || exit 1
: >one.ckpt && : >two.rapl && : >sweep.yaml
HOME=$TMP/home XDG_CONFIG_HOME=$TMP/home XDG_DATA_HOME=$TMP/home TERM=dumb
export HOME XDG_CONFIG_HOME XDG_DATA_HOME TERM

# What is offered for the last word, and a line for it, a point being no word yet:
# the name of a folder without its /, of a list the last.
cat >"$TMP/questions" <<'END'
csv jsonl stream text tsv|rapl-infer --format .
test train|rapl-infer -q --part t
powercap|rapl-sample -i 1s --energy powe
sched|rapl-sample --signals stat,sche
sha256sum|rapl-sample -i 1s -- sha256s
one.ckpt|rapl-window --like on
default|rapl-infer def
two.rapl|rapl-window tw
plan|stress-sweep pl
resume run|stress-sweep r
one.ckpt|stress-sweep next --model o
sweep.yaml|stress-sweep plan sw
folder|rapl-sample --proc fo
END
# Where fish puts files with that suffix first, the others leave out the rest.
cat >"$TMP/files" <<'END'
default folder one.ckpt|rapl-infer .
folder one.ckpt sweep.yaml two.rapl|rapl-infer -q one.ckpt .
folder sweep.yaml|rapl-train -c .
END

# Each reads lines and writes what it offers as LINE|WORD.
bash_answers()
{
    cat >"$TMP/ask.bash" <<'END'
while IFS= read -r line; do
    read -ra COMP_WORDS <<<"$line"
    [[ $line != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[*]} - 1))
    "_${COMP_WORDS[0]//-/_}"
    for word in "${COMPREPLY[@]}"; do echo "$line|$word"; done
done
END
    cat "$TMP"/*-*.bash "$TMP/ask.bash" >"$TMP/bash.all"
    bash --norc --noprofile "$TMP/bash.all"
}
fish_answers()
{
    cat "$TMP"/*-*.fish - >"$TMP/fish.all" <<'END'
while read -l line
    for word in (complete -C $line | string split -f 1 \t)
        echo "$line|$word"
    end
end
END
    fish --no-config "$TMP/fish.all"
}
# In zsh completion works in a line editor alone: type each line into one.
zsh_answers()
{
    cp "$TMP"/*-*.zsh "$TMP/zsh/" && (cd "$TMP/zsh" && for f in *.zsh; do
        mv "$f" "_${f%.zsh}"; done)
    cat >"$TMP/ask.zsh" <<'END'
zmodload zsh/zpty
zpty typed zsh -f -i
zpty -w typed "PROMPT= ; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
zpty -w typed 'unsetopt zle_bracketed_paste list_beep; bindkey -e'
zpty -w typed 'compadd() { local -a hits; case " $* " in
    *" -O "*|*" -A "*|*" -D "*) builtin compadd "$@"; return ;; esac
    builtin compadd -O hits "$@"; ((${#hits})) && print -l -- "hit:"$^hits
    builtin compadd "$@" }'
zpty -w typed 'tell() { _main_complete; print done:; compstate[insert]= compstate[list]= }'
zpty -w typed 'zle -C tell complete-word tell; bindkey "^I" tell; print ready:'
zpty -r -m typed got $'*\nready:*'
while IFS= read -r line; do
    zpty -w -n typed $'\C-u'"$line"$'\t'
    zpty -r -m typed got '*done:*'
    print -r -- "$got" | tr -d '\r' | sed -n "s/^.*hit:/$line|/p"
done
zpty -d typed
END
    zsh -f "$TMP/ask.zsh" "$TMP/zsh"
}
# Are they offered for that line? The words are a line each, in order.
offered() # SHELL LINE WORDS
{
    awk -F '|' -v line="$2" '$1 == line { print $2 }' "$TMP/$1.answers" |
        sed 's/.*,//; s|[/=]$||' | sort -u >"$TMP/got"
    diff "$3" "$TMP/got" >"$TMP/diff"
}

tools=$(cd "$ROOT/tools" && for f in *.c; do echo "${f%.c}"; done)
for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        ok 0 "$shell # SKIP there is none"
        continue
    fi
    for tool in $tools; do
        file=$TMP/$tool.$shell
        "$tool" --completion $shell >"$file" 2>"$ERR" && $shell -n "$file" 2>"$ERR"
        ok $? "$tool --completion $shell parses" || sed 's/^/# /' "$ERR"
        echo "$tool --"
    done >"$TMP/lines"
    grep -v ' --$' "$TMP/lines"
    {
        grep ' --$' "$TMP/lines"
        cut -d '|' -f 2 "$TMP/questions" "$TMP/files" | sed 's/ \.$/ /'
    } | ${shell}_answers >"$TMP/$shell.answers" 2>"$ERR"
    [ ! -s "$ERR" ]
    ok $? "$shell has no complaint" || sed 's/^/# /' "$ERR"
    for tool in $tools; do
        "$tool" --help | sed 's/  -/\n  -/g' | sed -n 's/^  \(-[a-z],\)* *\(--[a-z0-9-]*\).*/\2/p' | sort -u >"$TMP/help"
        [ -s "$TMP/help" ] && offered $shell "$tool --" "$TMP/help"
        ok $? "$shell: $tool -- offers what --help lists" || sed 's/^/# /' "$TMP/diff"
    done
    cat "$TMP/questions" >"$TMP/asked"
    [ $shell = fish ] || cat "$TMP/files" >>"$TMP/asked"
    while IFS='|' read -r what line; do
        echo "$what" | tr ' ' '\n' >"$TMP/wanted"
        offered $shell "${line%.}" "$TMP/wanted"
        ok $? "$shell: $line offers $what" || sed 's/^/# /' "$TMP/diff"
    done <"$TMP/asked"
done
t no-shell 2 "rapl-dump --completion csh"
has "none of bash|zsh|fish"
done_testing
