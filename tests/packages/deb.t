#!/bin/sh
# The Debian packages: built from a copy of the tree, without an error of lintian,
# installed on a bare Debian, and run there; the static ones in a root that has
# nothing else.  Minutes: make check-packages.
. "$(dirname "$0")/../lib.sh"
command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null ||
    skip_all "no dpkg-buildpackage or no debhelper"
SUITE=${SUITE:-bookworm}
machine="--proc /machine/proc --sys /machine/sys"
log()
{
    tail -n 15 "$OUT" | sed 's/^/# /'
}

sh "$ROOT/pipelines/deb/build" "$TMP/deb" >"$OUT" 2>&1
ok $? "they build" || {
    log
    done_testing
    exit 1
}
rm -f deb/*-dbgsym_*
deb=$(ls deb/decode-rapl_*.deb) static=$(ls deb/decode-rapl-static_*.deb)
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error "$deb" "$static" >"$OUT" 2>&1
    ok $? "lintian has no error" || log
else
    ok 0 "lintian # SKIP there is none"
fi
dpkg-deb --fsys-tarfile "$deb" | tar -t >"$TMP/files"
for source in "$ROOT"/tools/*.c; do
    tool=$(basename "$source" .c)
    [ "$(grep -cE "/($tool|$tool\.1\.gz|_$tool|$tool\.fish)\$" "$TMP/files")" -eq 5 ]
    ok $? "$tool, its page, and what three shells complete"
done
for file in "$ROOT"/pipelines/systemd/*.service; do
    grep -q "/systemd/system/$(basename "$file")\$" "$TMP/files"
    ok $? "$(basename "$file")"
done

# The static ones, with a model, a machine, and nothing else.
mkdir -p alone && dpkg-deb --fsys-tarfile "$static" | tar -xf - -C alone
mv alone/usr/lib/decode-rapl/static bin && rm -r alone && mkdir alone && mv bin alone/
cp "$ROOT/checkpoints/default.ckpt" alone/
cp -r "$ROOT/tests/fixtures/machine-two" alone/machine
if chroot alone /bin/rapl-dump --version >"$OUT" 2>&1; then
    t alone 0 "chroot alone /bin/rapl-sample -q -i 100ms -n 30 $machine |
        chroot alone /bin/rapl-window --like /default.ckpt |
        chroot alone /bin/rapl-infer -q /default.ckpt --format tsv | tail -n +2 | grep -c ."
    [ "$(cat "$OUT")" = 2 ]
    ok $? "two predictions of three seconds" || log
else
    ok 0 "the static programs in an empty root # SKIP may not chroot"
fi

[ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null || {
    ok 0 "a bare Debian # SKIP not root, or no mmdebstrap"
    done_testing
    exit 0
}
# As this machine's apt reaches Debian: the mirror, and the proxy if any.
mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
    'Created-By: Packages' | sed -n "s/^$SUITE //p" | head -n 1)
apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$TMP/apt.conf" || :
mmdebstrap --quiet --variant=apt --aptopt="$TMP/apt.conf" "$SUITE" "$TMP/root" \
    "${mirror:-http://deb.debian.org/debian}" >"$OUT" 2>&1
ok $? "a bare Debian" || log
cp -L /etc/resolv.conf /etc/hosts root/etc/ && cp "$deb" "$static" root/tmp/
# What is mounted goes with the last process in there.
inside() # COMMAND
{
    unshare --mount --pid --fork --kill-child --propagation private sh -c "
        mount -t proc proc '$TMP/root/proc' && mount --rbind /sys '$TMP/root/sys' &&
        mount --rbind /dev '$TMP/root/dev' && exec chroot '$TMP/root' /usr/bin/env -i \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -ec '$1'
    " >"$OUT" 2>"$ERR" </dev/null
}
inside 'apt-get -q update && apt-get -q -y install --no-install-recommends /tmp/*.deb'
ok $? "apt-get install" || log
inside 'cd /tmp && rapl-sample -q -i 1s -n 4 | rapl-window --like default |
    rapl-infer -q default --format tsv'
[ $? -eq 0 ] && [ "$(head -n 1 "$OUT" | cut -f 1-6 | tr '\t' ' ')" = \
    "t run workload power_w lower_w upper_w" ] &&
    [ "$(awk -F '\t' 'NR > 1 && $5 <= $4 && $4 <= $6' "$OUT" | wc -l)" -ge 2 ]
ok $? "this machine predicted, three commands after a bare Debian" || log
inside 'getent group rapl'
ok $? "the group is there" || log
for unit in "$ROOT"/pipelines/systemd/*.service; do
    unit=$(basename "$unit")
    inside "! systemctl is-enabled $unit && systemd-analyze verify --man=no $unit"
    ok $? "$unit is sound, and not enabled" || log
done
inside 'bash -c ". /usr/share/bash-completion/completions/rapl-infer
    COMP_WORDS=(rapl-infer --part t) COMP_CWORD=2; _rapl_infer; echo \${COMPREPLY[*]}"'
[ $? -eq 0 ] && [ "$(cat "$OUT")" = "train test" ]
ok $? "bash completes" || log
[ -e root/usr/bin/rapl-infer ] && inside 'apt-get -q -y purge "decode-rapl*"' &&
    find root/usr root/etc root/var -name '*rapl*' >"$OUT" && [ ! -s "$OUT" ]
ok $? "purge leaves nothing" || log
done_testing
