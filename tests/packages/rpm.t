#!/bin/sh
# The Fedora package, as far as another distribution's rpm can tell: the spec is
# without fault, builds, and leaves out nothing that is installed.  A minute: make
# check-packages.
. "$(dirname "$0")/../lib.sh"
command -v rpmbuild >/dev/null || skip_all "no rpmbuild"
spec=$ROOT/pipelines/rpm/decode-rapl.spec
set --
if ! rpm -q systemd-rpm-macros >/dev/null 2>&1; then # not Fedora: its places, its libraries unseen
    set -- --nodeps --define '_unitdir /usr/lib/systemd/system' \
        --define '_udevrulesdir /usr/lib/udev/rules.d' \
        --define '_sysusersdir /usr/lib/sysusers.d' --define '_tmpfilesdir /usr/lib/tmpfiles.d' \
        --define 'systemd_post() %{nil}' --define 'systemd_preun() %{nil}' \
        --define 'systemd_postun_with_restart() %{nil}'
fi
if command -v rpmlint >/dev/null; then
    rpmlint "$spec" >"$OUT" 2>&1 && grep -q ' 0 errors' "$OUT"
    ok $? "rpmlint has no error" || sed 's/^/# /' "$OUT"
else
    ok 0 "rpmlint # SKIP there is none"
fi
sh "$ROOT/pipelines/rpm/build" "$TMP/rpm" "$@" >"$OUT" 2>&1
ok $? "it builds, and every installed file is in it" || tail -n 15 "$OUT" | sed 's/^/# /'
rpm -qlp rpm/RPMS/*/decode-rapl-0*.rpm >"$TMP/files" 2>/dev/null
for source in "$ROOT"/tools/*.c; do
    tool=$(basename "$source" .c)
    [ "$(grep -cE "/($tool|$tool\.1[.a-z]*|_$tool|$tool\.fish)\$" "$TMP/files")" -eq 5 ]
    ok $? "$tool, its page, and what three shells complete"
done
done_testing
