#!/bin/sh
# What the packages say of this tree is so: version, what building needs, what is
# installed.  make check-packages builds and installs them.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
debian=pipelines/deb/debian
spec=pipelines/rpm/decode-rapl.spec
version=$(sed -n 's/.*RAPL_VERSION "\(.*\)"/\1/p' common/base/version.h)

[ "$(sed -n '1s/^decode-rapl (\(.*\)) .*/\1/p' $debian/changelog)" = "$version" ]
ok $? "the Debian package is of version $version"
[ "$(sed -n 's/^Version: *//p' $spec)" = "$version" ] &&
    grep -q "> - $version-1\$" $spec
ok $? "and the Fedora package"

# What pipelines/install installs to build, less what each distribution builds with.
wants() # NAME
{
    sed -n "/^$1='/,/'\$/p" pipelines/install | sed "s/^$1=//" | tr -d "'" | tr -s ' ' '\n' |
        grep -vxE '|gcc|make|libc6-dev|glibc-devel' | sort
}
wants debian_run >"$TMP/wanted"
sed -n '/^Build-Depends:/,/^[A-Z]/s/^[B ][^:]*: *\(.*\)\|^ \{2,\}\(.*\)/\1\2/p' $debian/control |
    tr -d ',' | sed 's/ .*//' | grep -vx 'debhelper-compat\|Standards.*\|[0-9.]*' | sort >"$TMP/has"
diff "$TMP/wanted" "$TMP/has" >"$TMP/diff" && [ -s "$TMP/has" ]
ok $? "Build-Depends is what pipelines/install installs" || sed 's/^/# /' "$TMP/diff"
wants fedora_run >"$TMP/wanted"
sed -n 's/^BuildRequires: *//p' $spec | grep -vxE 'gcc|make|systemd-rpm-macros' | sort >"$TMP/has"
diff "$TMP/wanted" "$TMP/has" >"$TMP/diff" && [ -s "$TMP/has" ]
ok $? "BuildRequires as well" || sed 's/^/# /' "$TMP/diff"

# Each installed file is of one line of %files, which has no line that is of none.
(unset MAKEFLAGS MAKELEVEL MFLAGS
make -s -o all BUILD="$BUILD" DESTDIR="$TMP/dest" PREFIX=/usr install) >"$OUT" 2>&1
ok $? "make install" || sed 's/^/# /' "$OUT"
(cd "$TMP/dest" && find . -type f | sed 's/^.//' | grep -v '/LICENSE$') >"$TMP/files"
sed -n '/^%files/,/^$/p' $spec | sed '1d; /^%license/d; /^$/d; s/^%doc //
    s|%{_bindir}|/usr/bin|; s|%{_mandir}|/usr/share/man|; s|%{_datadir}|/usr/share|
    s|%{_docdir}|/usr/share/doc|; s|%{_unitdir}|/usr/lib/systemd/system|
    s|%{_sysusersdir}|/usr/lib/sysusers.d|; s|%{_tmpfilesdir}|/usr/lib/tmpfiles.d|
    s|%{_udevrulesdir}|/usr/lib/udev/rules.d|; s|%{name}|decode-rapl|g
    s/[.]/\\./g; s/\*/[^\/]*/g; s|/$|/.*|; s/^/^/; s/$/$/' >"$TMP/patterns"
! grep -q % "$TMP/patterns" && ! grep -v -f "$TMP/patterns" "$TMP/files" >"$TMP/bad"
ok $? "the spec packages all that is installed" || sed 's/^/# /' "$TMP/bad"
while IFS= read -r pattern; do
    grep -q -- "$pattern" "$TMP/files" || echo "# $pattern"
done <"$TMP/patterns" >"$TMP/bad"
[ ! -s "$TMP/bad" ]
ok $? "and nothing that is not" || cat "$TMP/bad"

for unit in pipelines/systemd/*.service; do
    [ "$(grep -c "^%systemd_post.*$(basename "$unit")\|^%systemd_preun.*$(basename "$unit")" $spec)" -eq 3 ]
    ok $? "the spec tells systemd of $(basename "$unit")"
done

for file in control copyright changelog rules source/format; do
    [ -s "$debian/$file" ] || echo "# no $file"
done >"$TMP/bad"
[ ! -s "$TMP/bad" ] && [ -x $debian/rules ] && make -f $debian/rules -n build >/dev/null 2>&1
ok $? "debian/ is whole" || cat "$TMP/bad"
if command -v dpkg-parsechangelog >/dev/null; then
    [ "$(dpkg-parsechangelog -l $debian/changelog -S Version 2>"$ERR")" = "$version" ] && [ ! -s "$ERR" ]
    ok $? "dpkg reads the changelog" || sed 's/^/# /' "$ERR"
else
    ok 0 "dpkg-parsechangelog # SKIP there is none"
fi
if command -v rpmspec >/dev/null; then
    rpmspec -P $spec >/dev/null 2>"$ERR"
    ok $? "rpm reads the spec" || sed 's/^/# /' "$ERR"
else
    ok 0 "rpmspec # SKIP there is none"
fi
done_testing
