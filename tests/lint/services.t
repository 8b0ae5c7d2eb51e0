#!/bin/sh
# What systemd makes of pipelines/systemd: units without a fault, and as little
# for the services to do harm with as there may be.
. "$(dirname "$0")/../lib.sh"
command -v systemd-analyze >/dev/null || skip_all "no systemd-analyze"
here=$ROOT/pipelines/systemd

analyze() # UNIT NAME: nothing to say of it, and little harm in it
{
    systemd-analyze verify --man=no "$1" >"$OUT" 2>&1 && [ ! -s "$OUT" ]
    ok $? "$2: systemd-analyze verify" || sed 's/^/# /' "$OUT"
    # In tenths, 20 of 100: the sum of what the service could do that it need not.
    systemd-analyze security --offline=yes --threshold=20 "$1" >"$OUT" 2>&1
    ok $? "$2: systemd-analyze security: at most 2.0" || sed 's/^/# /' "$OUT"
    score=$(sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p' "$OUT")
    echo "# it is $score"
}

# The page names the score that this version of systemd gives.
says() # PAGE TEXT NAME
{
    systemd-analyze --version | grep -q '^systemd 252 ' || return 0
    grep -qF -- "$2" "$1"
    ok $? "$3: the page says $score"
}

# A service, and with the lines that its page gives for more, each block by itself.
service() # NAME PAGE
{
    unit=$TMP/$1.service page=$ROOT/doc/$2
    sed "s|@BINDIR@|$BIN|" "$here/$1.service" >"$unit"
    analyze "$unit" "$1"
    says "$page" "says $score" "$1"
    sed -e 's/^DynamicUser=.*//' -e 's/^CapabilityBoundingSet=.*//' \
        -e 's/^\(Protect\|Private\|Restrict\|SystemCall\).*//' "$unit" >"$TMP/open.service"
    ! systemd-analyze security --offline=yes --threshold=20 "$TMP/open.service" >"$OUT" 2>&1
    ok $? "$1: and not hardened it is over 2.0"
    awk -v name="$1" '/^    \[Service\]/ { n++ }
        n && /^    / { sub(/^    /, ""); print >("more-" name "-" n) }' "$page"
    [ -f "more-$1-2" ]
    ok $? "doc/$2 has lines for more"
    for more in more-"$1"-*; do
        mkdir "$more.d" && cat "$unit" "$more" >"$more.d/$1.service"
        analyze "$more.d/$1.service" "$more"
        says "$page" "($score)" "$more"
    done
}
service rapl-sample services.md
service rapl-export export.md

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
