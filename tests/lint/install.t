#!/bin/sh
# make install puts everything where PREFIX and DESTDIR say, it runs from
# there, and make uninstall leaves nothing.
. "$(dirname "$0")/../lib.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
files()
{
    (cd "$TMP/dest" && find . -type f | sort)
}
in_tree() # TARGET: with the build that is being tested
{
    make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$TMP/dest" PREFIX=/opt/rapl "$@"
}

in_tree -o all install >"$OUT" 2>&1
ok $? "make install" || sed 's/^/# /' "$OUT"
files >"$TMP/installed"
for source in "$ROOT"/tools/*.c; do
    tool=$(basename "$source" .c)
    [ -f "$source" ] || continue
    "$TMP/dest/opt/rapl/bin/$tool" --version >"$OUT" 2>&1
    ok $? "$tool runs where it was installed"
    grep -qx "./opt/rapl/share/man/man1/$tool.1" "$TMP/installed"
    ok $? "$tool.1 is installed"
    share=$TMP/dest/opt/rapl/share
    grep -q "^complete .* $tool\$" "$share/bash-completion/completions/$tool" &&
        grep -qx "#compdef $tool" "$share/zsh/site-functions/_$tool" &&
        grep -q "^complete -c $tool " "$share/fish/vendor_completions.d/$tool.fish"
    ok $? "and its completions"
done
for file in "$ROOT"/configs/*.yaml "$ROOT"/checkpoints/*; do
    [ ! -f "$file" ] ||
        grep -qx "./opt/rapl/share/decode-rapl/${file#"$ROOT"/}" "$TMP/installed" ||
        echo "# not installed: $file"
done >"$TMP/bad"
[ ! -s "$TMP/bad" ]
ok $? "configs and checkpoints are installed" || cat "$TMP/bad"
for file in "$ROOT"/pipelines/monitoring/*; do
    grep -qxF "./opt/rapl/share/decode-rapl/monitoring/$(basename "$file")" "$TMP/installed"
    ok $? "$(basename "$file") is installed"
done
for file in systemd/system/rapl-sample.service systemd/system/rapl-export.service sysusers.d/decode-rapl.conf \
    tmpfiles.d/decode-rapl.conf udev/rules.d/70-decode-rapl.rules; do
    grep -qxF "./opt/rapl/lib/$file" "$TMP/installed"
    ok $? "lib/$file is installed"
done
units=$TMP/dest/opt/rapl/lib/systemd/system
grep -q "^ExecStart=/opt/rapl/bin/rapl-sample " "$units/rapl-sample.service" &&
    grep -q "^    /opt/rapl/bin/rapl-export " "$units/rapl-export.service" &&
    ! grep -q '@[A-Z]*@' "$units"/*.service
ok $? "the services start the programs that were installed"
! grep -v '^\./opt/rapl/' "$TMP/installed"
ok $? "nothing goes elsewhere"
! grep -q '[^ -~]' "$TMP/installed"
ok $? "names are plain"
in_tree uninstall >"$OUT" 2>&1
ok $? "make uninstall" || sed 's/^/# /' "$OUT"
[ -z "$(files)" ] && [ -z "$(find "$TMP/dest" -name decode-rapl)" ]
ok $? "make uninstall leaves nothing"
done_testing
