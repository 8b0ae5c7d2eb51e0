#!/bin/sh
# What systemd makes of pipelines/systemd: units without a fault, and as little
# for the service to do harm with as there may be.
. "$(dirname "$0")/../lib.sh"
command -v systemd-analyze >/dev/null || skip_all "no systemd-analyze"
here=$ROOT/pipelines/systemd
unit=$TMP/rapl-sample.service
sed "s|@BINDIR@|$BIN|" "$here/rapl-sample.service" >"$unit"

systemd-analyze verify --man=no "$unit" >"$OUT" 2>&1 && [ ! -s "$OUT" ]
ok $? "systemd-analyze verify" || sed 's/^/# /' "$OUT"
# In tenths, 20 of 100: the sum of what the service could do that it need not.
systemd-analyze security --offline=yes --threshold=20 "$unit" >"$OUT" 2>&1
ok $? "systemd-analyze security: at most 2.0" || sed 's/^/# /' "$OUT"
sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/# it is \1/p' "$OUT"
sed -e 's/^DynamicUser=.*//' -e 's/^CapabilityBoundingSet=.*//' \
    -e 's/^\(Protect\|Private\|Restrict\|SystemCall\).*//' "$unit" >"$TMP/open.service"
! systemd-analyze security --offline=yes --threshold=20 "$TMP/open.service" >"$OUT" 2>&1
ok $? "and one that is not hardened is over 2.0"

# The lines that doc/services.md gives for more, each added to the service.
awk '/^    \[Service\]/ { n++ }
    n && /^    / { sub(/^    /, ""); print >("more-" n) }' "$ROOT/doc/services.md"
[ -f more-2 ]
ok $? "doc/services.md has lines for more"
for more in more-*; do
    mkdir $more.d && cat "$unit" $more >$more.d/rapl-sample.service
    what=$(sed -n 's/^Environment=.*ms \(.*\)"/\1/p' $more)
    systemd-analyze verify --man=no $more.d/rapl-sample.service >"$OUT" 2>&1 &&
        [ ! -s "$OUT" ]
    ok $? "$what: systemd-analyze verify" || sed 's/^/# /' "$OUT"
    systemd-analyze security --offline=yes --threshold=20 \
        $more.d/rapl-sample.service >"$OUT" 2>&1
    ok $? "$what: at most 2.0" || sed 's/^/# /' "$OUT"
    score=$(sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p' "$OUT")
    if systemd-analyze --version | grep -q '^systemd 252 '; then
        grep -qF -- "($score)" "$ROOT/doc/services.md"
        ok $? "$what: the page says $score"
    fi
done

# The group is made; files are kept as long as it says.  In a root of their own.
mkdir -p root/etc root/var/lib/private/rapl-sample root/proc root/usr/lib/sysusers.d \
    root/usr/lib/tmpfiles.d
cp "$here/sysusers.conf" root/usr/lib/sysusers.d/
cp "$here/tmpfiles.conf" root/usr/lib/tmpfiles.d/
printf 'root:x:0:0::/:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\n' >root/etc/group
if ! command -v systemd-sysusers >/dev/null; then
    ok 0 "systemd-sysusers # SKIP there is none"
elif [ "$(id -u)" != 0 ]; then
    ok 0 "systemd-sysusers # SKIP not root"
else
    systemd-sysusers --root="$TMP/root" >"$OUT" 2>&1 && grep -q '^rapl:' root/etc/group
    ok $? "systemd-sysusers makes the group" || sed 's/^/# /' "$OUT"
    ! grep -q '^rapl' root/etc/passwd
    ok $? "and no user"
fi
if ! command -v systemd-tmpfiles >/dev/null; then
    ok 0 "systemd-tmpfiles # SKIP there is none"
else
    touch -d '40 days ago' root/var/lib/private/rapl-sample/old.rapl
    touch root/var/lib/private/rapl-sample/new.rapl
    systemd-tmpfiles --root="$TMP/root" --clean >"$OUT" 2>&1
    ok $? "systemd-tmpfiles --clean" || sed 's/^/# /' "$OUT"
    [ "$(ls root/var/lib/private/rapl-sample)" = new.rapl ]
    ok $? "what is over 30 days old goes, the rest stays"
fi

# Every place named in the rule is one that udev and its helpers know.
grep -v '^#' "$here/powercap.rules" | tr -d '\\\n' >"$TMP/rule"
for program in $(grep -o '/bin/[a-z]*' "$TMP/rule" | sort -u); do
    [ -x "$program" ]
    ok $? "$program is there"
done
if udevadm verify --help >/dev/null 2>&1; then
    cp "$here/powercap.rules" 70-decode-rapl.rules
    udevadm verify --resolve-names=never 70-decode-rapl.rules >"$OUT" 2>&1
    ok $? "udevadm verify" || sed 's/^/# /' "$OUT"
else
    ok 0 "udevadm verify # SKIP there is none; make check-vm lets udev run the rule"
fi
done_testing
