#!/bin/sh
# One real kernel.  Debian's, with a module that registers energy zones named as
# Intel's (guest_rapl.c), boots in a machine that qemu emulates; the static
# programs record there, as root, as an ordinary user, and as the service that
# systemd starts under the rule that udev runs.  Here, what was recorded is held
# against what the module says it showed.  `make check-vm` runs it, in about a
# minute; it is no part of `make check` because of what it needs:
#
#     sh pipelines/install vm
. "$(dirname "$0")/../lib.sh"
VM=$BUILD/vm
LIMIT=300 # seconds, many times what it takes

need() # WHAT TEST...
{
    what=$1
    shift
    "$@" >/dev/null 2>&1 || skip_all "no $what; sh pipelines/install vm"
}

# The newest kernel that has both its headers and an image that may be read.
find_kernel()
{
    for headers in $(ls -d /lib/modules/*/build/include 2>/dev/null | sort -rV); do
        version=${headers#/lib/modules/}
        version=${version%%/*}
        for kernel in "/boot/vmlinuz-$version" "/lib/modules/$version/vmlinuz" \
            "$ROOT/build/vm/boot/vmlinuz-$version"; do
            [ ! -r "$kernel" ] || return 0
        done
    done
    return 1
}

# Copy programs of this machine, and the libraries they need, into the guest's.
bring() # FILE...
{
    for file; do
        cp -L --parents "$file" $(ldd "$file" | grep -o '/[^ ]*') "$TMP/root/" || return 1
    done
}

make_module()
{
    mkdir -p "$VM/module"
    cp "$ROOT/tests/vm/guest_rapl.c" "$VM/module/"
    echo 'obj-m := guest_rapl.o' >"$VM/module/Kbuild"
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "/lib/modules/$version/build" \
        M="$VM/module" modules >"$OUT" 2>&1 &&
        strip --strip-debug -o "$TMP/root/guest_rapl.ko" "$VM/module/guest_rapl.ko"
}

make_systemd()
{
    lib=/lib/systemd
    bring $lib/systemd $lib/systemd-udevd /bin/udevadm /bin/systemctl \
        /bin/systemd-sysusers || return 1
    for unit in sysinit.target basic.target sockets.target shutdown.target umount.target \
        systemd-udevd.service systemd-udevd-control.socket \
        systemd-udevd-kernel.socket systemd-udev-trigger.service \
        systemd-udev-settle.service systemd-sysusers.service; do
        cp --parents -L "$lib/system/$unit" "$TMP/root/" || return 1
    done
    cp "$ROOT/tests/vm/vm.service" "$TMP/root$lib/system/" || return 1
    mkdir "$TMP/root$lib/system/sysinit.target.wants"
    for unit in systemd-udevd systemd-udev-trigger systemd-sysusers; do
        ln -s ../$unit.service "$TMP/root$lib/system/sysinit.target.wants/"
    done
}

# The root of the guest: busybox, the programs, and what make install adds.
make_root()
{
    mkdir -p root/usr/bin root/usr/lib root/usr/lib64 root/usr/sbin root/etc root/var/lib
    for dir in bin lib lib64 sbin; do
        ln -s usr/$dir root/$dir
    done
    cp "$(command -v busybox)" root/bin/busybox
    for applet in $(busybox --list | grep -vx busybox); do
        ln -s busybox "root/bin/$applet"
    done
    printf '%s:x:%d:%d::/:/bin/sh\n' root 0 0 nobody 65534 65534 reader 1000 1000 \
        >root/etc/passwd
    printf '%s:x:%d:%s\n' root 0 '' nogroup 65534 '' >root/etc/group
    cp "$ROOT/tests/vm/init" root/init
    cp "$ROOT/checkpoints/default.ckpt" root/
    awk '/^    \[Service\]/ { n++ }
        n && /^    / { sub(/^ */, ""); print >("root/more-" n ".conf") }' \
        "$ROOT/doc/services.md"
    mv root/more-1.conf root/realtime.conf
    mv root/more-2.conf root/perf.conf
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$ROOT" -o all \
        BIN="$(echo "$BUILD"/static/rapl-*)" TOOLS="$(cd "$BUILD/static" && echo rapl-*)" \
        DESTDIR="$TMP/root" PREFIX=/usr/local install &&
        strip root/usr/local/bin/*
}

# rapl-export, which is not static, with its libraries.
make_export()
{
    bring "$BIN/rapl-export" && strip "root$BIN/rapl-export" &&
        ln -s "$BIN/rapl-export" root/usr/local/bin/
}

boot()
{
    (cd root && find . | cpio -o -H newc --quiet -R 0:0) | gzip -1 >initrd || return 1
    timeout $LIMIT qemu-system-x86_64 -accel tcg -smp 2 -m 1024 -nodefaults \
        -no-reboot -display none -kernel "$kernel" -initrd initrd \
        -append "console=ttyS0 panic=-1 quiet" \
        -serial "file:$VM/console" -serial "file:$TMP/data" </dev/null >"$OUT" 2>&1
}

ended() # NAME EXIT
{
    code=$(cat "$1.rc" 2>/dev/null)
    [ "$code" = "$2" ]
    ok $? "$1: exit $2" || sed 's/^/# /' "$1.err"
}

says() # NAME TEXT
{
    cat "$1.out" "$1.err" 2>/dev/null | grep -qF -- "$2"
    ok $? "  says: $2" || sed 's/^/# /' "$1.err"
}

# The recording is whole, and what it holds is the truth.
verify() # NAME [RANGE_UJ]
{
    rapl-dump --check "$1.rapl" >"$OUT" 2>&1 && grep -q complete "$OUT"
    ok $? "$1: a complete stream" || sed 's/^/# /' "$OUT"
    rapl-dump --format tsv "$1.rapl" >"$1.tsv"
    rapl-window -q --skip-startup 0 -d 1 --target package-0 "$1.rapl" |
        rapl-dump --windows --format tsv >"$1.windows"
    python3 "$ROOT/tests/vm/verify.py" "${2:-$(cat range)}" "$1.truth" "$1.tsv" \
        "$1.windows" >"$OUT" 2>&1
    ok $? "$1: what was recorded is what was used, to the uJ"
    sed '/^#/!s/^/# /' "$OUT"
}

wrapped() # NAME
{
    ! grep -q '^# 0 wraps in all' "$OUT"
    ok $? "$1: wraps included"
}

# What a refused user is told to run lets it in.
remedied() # NAME
{
    if [ -e "$1-remedy.rc" ]; then
        ended "$1-remedy" 0
        ended "$1-granted" 0
    else
        ok 0 "$1: the command that it names helps # SKIP no setcap"
    fi
}

need qemu-system-x86_64 command -v qemu-system-x86_64
need busybox command -v busybox
need cpio command -v cpio
need python3 command -v python3
find_kernel || skip_all "no kernel with its headers; sh pipelines/install vm"
[ -x "$BUILD/static/rapl-infer" ] || skip_all "no static programs; make static"

mkdir -p "$VM" root out
echo "# Linux $version"
make_root
ok $? "the guest's root"
make_module
ok $? "the module builds against $version" || sed 's/^/# /' "$OUT"
make_export
ok $? "rapl-export and its libraries"
! command -v setcap >/dev/null || bring /sbin/setcap
make_systemd >"$OUT" 2>&1
systemd=$?
[ $systemd = 0 ] || { rm -f root/lib/systemd/systemd; sed 's/^/# /' "$OUT"; }
boot
ok $? "boots, works, and ends in time" || tail -n 40 "$VM/console" | sed 's/^/# /'
tar -C out -xzf data 2>"$ERR"
ok $? "sends what it recorded" || {
    done_testing
    exit 1
}
rm -rf "$VM/out" && cp -r out "$VM/out"
cd out || exit 1

ended insmod 0
ended list 0
for zone in package-0 package-0/core package-0/dram psys; do
    says list "energy:$zone "
done
says list 'the frequency probe is off'
for name in idle-16ms idle-100ms busy-16ms busy-100ms; do
    ended $name 0
    verify $name
    wrapped $name
done
ended idle-1ms 0
verify idle-1ms
ended unsteady 0
verify unsteady
rapl-dump --marks unsteady.rapl |
    awk -F , '$3 == "clock" && $4 / 1e9 > 3000 && $4 / 1e9 < 4000' | grep -q .
ok $? "the clock was put forward by an hour, and it says so"
! rapl-dump --marks unsteady.rapl | grep 'reset.*energy'
ok $? "a CPU that goes resets no energy"
ended sched 0
rapl-dump sched.rapl | awk -F , '
NR == 1 { while ($++run != "sched.run"); next }
NR == 2 { from = $1; ran = $run }
{ ns = $1 - from; cpus = ns ? ($run - ran) / ns : 0 }
END { printf "# tasks ran on %.2f of 2 busy CPUs\n", cpus; exit !(cpus > 1 && cpus < 2.2) }' >"$OUT"
ok $? "schedstat counts what tasks ran, in ns"
cat "$OUT"
ended watts 0
[ "$(wc -l <watts.out)" -gt 1 ]
ok $? "sample, window, infer: watts in the guest" || sed 's/^/# /' watts.err

# For root alone: an ordinary user is told what to do, in one line.
[ -s root.modes ] && ! grep -v '^-r-------- ' root.modes
ok $? "the kernel shows energy to root alone"
ended denied 0
says denied 'energy_uj: Permission denied'
says denied 'setcap'
[ "$(wc -l <denied.err)" -eq 1 ]
ok $? "in one line"
ended denied-required 4
[ "$(wc -l <denied-required.err)" -eq 1 ]
ok $? "in one line"
remedied denied

# By perf, which an ordinary user may not use either.
ended perf-16ms 0
verify perf-16ms 18446744073709551616
ended perf-denied 4
says perf-denied 'setcap cap_perfmon+ep'
remedied perf-denied
ended perf-list 0
ended perf-auto 0
says perf-auto 'psys'
says perf-auto 'always reads zero'
rapl-dump --header perf-auto.rapl >"$OUT"
grep -q 'energy_source: "perf"' "$OUT" && grep -q '"energy:package-0"' "$OUT" &&
    ! grep -q '"energy:psys"' "$OUT"
ok $? "without powercap perf serves, but for the event that does not move"

if [ $systemd != 0 ]; then
    ok 0 "the group and the service # SKIP no systemd and udev; sh pipelines/install vm"
    done_testing
    exit
fi
[ -e systemd ]
ok $? "systemd ran to the end" || tail -n 40 dmesg | sed 's/^/# /'
[ -s group.modes ] && ! grep -vE '^-r--r----- .* root +rapl ' group.modes
ok $? "udev gave each zone to the group that sysusers made"
ended group-denied 4
ended group-reads 0
grep -q '^Result=success' service.show && grep -q '^ExecMainStatus=0' service.show
ok $? "the service ran and stopped" || sed 's/^/# /' service.show
grep -qE '^CapEff:[[:space:]]*0+$' service.status &&
    grep -qE '^NoNewPrivs:[[:space:]]*1' service.status &&
    ! grep -qE '^Uid:[[:space:]]*0' service.status
ok $? "without root, without capabilities" || sed 's/^/# /' service.status
verify service
for name in idle-100ms service; do
    head -n 1 $name.tsv | tr '\t' '\n' >$name.channels
done
[ -s idle-100ms.channels ] && ! grep -vxFf service.channels idle-100ms.channels
ok $? "and sees no less than root does"

# Once more, in real time on one CPU, while the driver is taken out and put back.
[ "$(cut -d ' ' -f 41 realtime.stat)" = 1 ] && [ "$(cut -d ' ' -f 39 realtime.stat)" = 1 ]
ok $? "the lines for real time do what doc/services.md says" || cat realtime.stat
[ -s again.modes ] && ! grep -vE '^-r--r----- .* root +rapl ' again.modes
ok $? "udev did the same when the driver was loaded again"
[ "$(ls again | wc -l)" = 4 ]
ok $? "the service began again when the driver was gone" || ls again
rapl-dump --check again/* >"$OUT" 2>&1
ok $? "every stream is complete" || sed 's/^/# /' "$OUT"
[ "$(for file in again/*; do
    rapl-dump --header "$file" | sed -n 's/^ *energy_source: //p'
done | tr -d '"\n')" = powercappowercappowercapperf ]
ok $? "all with energy, at last by perf, with the lines for that"

# The service that predicts: four programs in one pipeline, heard by HTTP.
ended export 0
grep -q '^fresh: ' export.health && grep -q '^decode_rapl_fresh 1$' export.page
ok $? "rapl-export.service: samples arrive" || sed 's/^/# /' export.err
model=$(rapl-dump --header "$ROOT/checkpoints/default.ckpt" | sed -n 's/^sha256: \(.\{12\}\).*/\1/p')
grep -qE "^decode_rapl_watts\{.*source=\"predicted\",model=\"$model\"\} [0-9.]+\$" export.page &&
    ! grep -q measured export.page
ok $? "and are predicted, by the model that is installed" || sed 's/^/# /' export.page
grep -qE '^CapEff:[[:space:]]*0+$' export.status && ! grep -qE '^Uid:[[:space:]]*0' export.status
ok $? "without root, without capabilities" || sed 's/^/# /' export.status
grep -q '^Result=success' export.show && grep -q '^NRestarts=0' export.show
ok $? "it ran and stopped" || sed 's/^/# /' export.show
grep -q '^rows: [1-9]' export.joules && [ "$(tail -n 1 export.joules)" = "sha256: $(sed '$d' \
    export.joules | sha256sum | cut -d ' ' -f 1)" ]
ok $? "and kept its joules" || sed 's/^/# /' export.joules
done_testing
