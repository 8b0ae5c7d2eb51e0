#!/bin/sh
# Each picture is made, is a PNG or an SVG, and says what it should; what people
# wrote into labels is text and nothing else.
. "$(dirname "$0")/../../lib.sh"
command -v gnuplot >/dev/null || skip_all "no gnuplot"
sh "$ROOT/tests/fixtures/make" >"$OUT" 2>"$ERR" || {
    ok 1 "fixtures"
    sed 's/^/# /' "$ERR"
}

# Well-formed, of the size W H, with nothing from outside; its text to .out.
is_svg() # FILE W H
{
    python3 - "$@" >"$OUT" <<'END'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == "{http://www.w3.org/2000/svg}svg"
assert root.get("viewBox") == "0 0 %s %s" % tuple(sys.argv[2:4]), root.get("viewBox")
lines = []
for x in root.iter():
    assert not x.tag.endswith("}script") and not x.tag.endswith("}image")
    for name, value in x.attrib.items():
        if name.endswith("href"):
            assert value.startswith("#"), value
    if x.tag.endswith("}text"):
        lines.append("".join(x.itertext()))
print("\n".join(lines))
END
    ok $? "  $1 is an SVG"
}

is_png() # FILE W H
{
    python3 - "$@" <<'END'
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, pixels = 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + size]
    assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0]
    if kind == b"IHDR":
        assert struct.unpack(">II", body[:8]) == tuple(map(int, sys.argv[2:4]))
    pixels += body if kind == b"IDAT" else b""
    at += 12 + size
assert len(set(zlib.decompress(pixels))) > 4
END
    ok $? "  $1 is a PNG that is not empty"
}

# ---- each picture, and what it says ----

printf 'epoch\ttrain_loss\tvalid_loss\tvalid_mae_w\tlr\n1\t9\t8\t3\t1e-3\n2\tnan\t7\t2.5\t1e-3\n3\t5\t6.5\t2.75\t1e-3\n' >history.tsv
for name in time:run7.rapl pred:run7.pred history:history.tsv; do
    rapl-plot "${name#*:}" >"${name%:*}-default.svg"
done

t time 0 'rapl-plot --size 900x700 -o time.svg run7.rapl && rapl-plot --size 500x400 -o time.png run7.rapl'
is_png time.png 500 400
is_svg time.svg 900 700
for text in 'CPU time, %' 'context switches, 1/s' 'power, W' 'time, s' iowait \
    'Watts measured. 200 rows.' cpu4; do
    has "$text"
done
t windows 0 'rapl-plot --size 900x700 --kind time -o w.svg run7.win'
is_svg w.svg 900 700
has 'context switches, 1/s'
t several 0 'rapl-plot --size 900x700 -o several.svg runs/*.rapl'
is_svg several.svg 900 700
has '6 recordings, one behind the other'
t without-rows 0 'rapl-infer -q --part test --format stream linear.ckpt train.win >test.pred; rapl-plot --kind time --size 900x700 -o w.svg test.pred &&
    rapl-dump --header test.pred | grep -c ^segment'
has 6
is_svg w.svg 900 700
has 'A recording over time: cpu'
t predictions 0 'rapl-plot --size 900x700 --kind time -o p.svg run7.pred'
is_svg p.svg 900 700
has 'Watts predicted by linear, trained on run train; black: measured. 196 rows.'
has 'support'
t scatter 0 'rapl-plot --size 640x640 linear.rapl >scatter.svg'
is_svg scatter.svg 640 640
has 'measured, W'
has '1176 rows; R2 1.00, MAE'
has 'cpu0'
t pipe 0 'rapl-infer --format stream linear.ckpt run7.win | rapl-plot --size 640x640 -o pipe.svg'
is_svg pipe.svg 640 640
has 'predicted = measured'
t pipes 0 'cat run7.rapl | rapl-plot | cmp - time-default.svg && cat run7.pred | rapl-plot | cmp - pred-default.svg &&
    cat history.tsv | rapl-plot | cmp - history-default.svg && rapl-plot - <run7.rapl | cmp - time-default.svg'
t unmeasured 3 'rapl-window -q --like physical.ckpt guest.rapl | rapl-infer -q --format stream physical.ckpt >guest.pred; rapl-plot guest.pred'
has 'no row has both predicted and measured watts; --kind time draws'
t unmeasured-time 0 'rapl-plot --kind time --size 900x500 -o guest.svg guest.pred'
is_svg guest.svg 900 500
has 'nothing was measured'
t errors 0 'rapl-plot --kind errors --size 700x700 -o errors.svg linear.rapl'
is_svg errors.svg 700 700
has 'rows, %'
has 'cpu0'
t coverage 0 'rapl-plot --kind coverage --size 700x400 -o coverage.svg linear.rapl'
is_svg coverage.svg 700 400
has 'measured inside, % of the rows'
t space 0 'rapl-plot --kind space --size 700x600 -o space.svg train.win'
is_svg space.svg 700 600
has 'out of support'
has 'Rows to learn from: 800 (800 drawn)'
t axes 0 'rapl-plot --kind space --features log_ctxt,user_pct --size 700x600 -o space.svg train.win'
is_svg space.svg 700 600
has 'user_pct'

t history 0 'rapl-plot --size 700x500 -o history.svg history.tsv && rapl-plot --size 300x200 --kind history -o history.png - <history.tsv'
is_png history.png 300 200
is_svg history.svg 700 500
has 'Least error on the validation part: 2.5 W after epoch 2'
t gap 0 'rapl-score --bootstrap 20 --compare linear.rapl v3.rapl >gap.tsv && rapl-plot --size 700x500 -o gap.svg gap.tsv'
is_svg gap.svg 700 500
has 'R2: 1 is exact'
has linear
# The README's picture is of the README's experiment; another gnuplot draws it
# a little otherwise.
if grep -q "$(gnuplot --version | tr '[:lower:]' '[:upper:]' | sed 's/ PATCHLEVEL.*//')" "$ROOT/doc/gap.svg"; then
    t gap-doc 0 'sh "$ROOT/pipelines/gap-table" "$ROOT/doc/experiment.md" | rapl-plot --kind gap | cmp - "$ROOT/doc/gap.svg"'
else
    ok 0 "doc/gap.svg is of the experiment # SKIP drawn by another gnuplot"
fi
t no-table 3 'echo "| no | table |" | sh "$ROOT/pipelines/gap-table"'

# Longer than what is kept: no peak is lost, and the caption says what it is.
awk 'BEGIN { print "t,user,nice,system,idle,iowait,intr,ctxt,running,watts"
    for (i = 0; i < 5000; i++)
        printf "%d,5,0,1,93,1,100,400,1,%d\n", 1700000000 + i, i == 2345 ? 777 : 20 }' >long.csv
rapl-import -q --map full.yaml -o long.rapl long.csv
t long 0 'rapl-plot --size 900x700 -o long.svg long.rapl'
is_svg long.svg 900 700
has 'bands from the least to the greatest'
has 800
t long-script 0 'rapl-plot --format gnuplot long.rapl | grep -c " 777"'
has 1

# What others said while it was recorded is text beside a line.
t notes 0 'printf "load begins\n\"; system \047touch x\047 #\n" |
    rapl-sample -q -i 10ms -n 8 --notes - -o noted.rapl && rapl-plot --size 900x700 -o noted.svg noted.rapl'
is_svg noted.svg 900 700
has 'load begins'
has '"; system '
[ ! -e x ]
ok $? "  and is not run"

# ---- extremes ----

rapl-dump --check long.rapl >/dev/null 2>&1
head -n 1 long.csv >empty.csv
head -n 2 long.csv >one.csv
for name in empty one; do rapl-import -q --map full.yaml -o $name.rapl $name.csv 2>/dev/null; done
t empty 3 'rapl-plot -o x.svg empty.rapl'
has 'rapl-plot: '
t one 0 'rapl-plot --size 400x300 -o one.svg one.rapl'
is_svg one.svg 400 300
: >nothing
t nothing 3 'rapl-plot -o x.svg nothing'
t nothing-table 3 'rapl-plot --kind history -o x.svg nothing'
t nothing-gap 3 'rapl-plot --kind gap -o x.svg history.tsv'
has 'rapl-score --compare'
printf 'model\tr2_shuffle\tr2_run\nbig\t1e308\t-1e308\nnone\t\tnan\ninf\tinf\t-inf\nmore\t1e9\t-1e9\n' >huge.tsv
t huge 0 'rapl-plot --size 700x400 -o huge.svg huge.tsv'
printf 'model\tr2_shuffle\na\n' >short.tsv
t fields 3 'rapl-plot -o x.svg short.tsv'
has 'line 2: 1 fields'
t one-epoch 0 'head -n 2 history.tsv | rapl-plot --kind history --size 400x300 -o e.svg'
is_svg e.svg 400 300
t truncated 3 'head -c -9 run7.rapl >cut.rapl; rapl-plot -o cut.svg cut.rapl'
t truncated-taken 0 'cat one.rapl cut.rapl >cut2.rapl; rapl-plot --allow-truncated -o cut.svg cut2.rapl'
for size in 200x200 200x2000 3000x200; do
    for how in 'run7.rapl' '--kind errors linear.rapl' '--kind coverage linear.rapl' \
        'linear.rapl' 'gap.tsv' 'history.tsv' '--kind space train.win'; do
        rapl-plot --size $size -o s.svg $how >"$OUT" 2>"$ERR" && [ ! -s "$ERR" ] || echo "# $how"
    done >"$TMP/bad"
    [ ! -s "$TMP/bad" ]
    ok $? "every picture at $size" || cat "$TMP/bad" "$ERR"
done

# ---- what people wrote is text ----

evil='"; system '\''touch x'\'' #'
for text in "$evil" "'; system 'touch x'; '" '`touch x`' '"`touch x`"' 'a@x; !touch x' '50 %s %d %n' "a
system 'touch x'
EOD
!touch x" "\\'; system(\"touch x\")" '$t << EOD' "$(printf 'bad \377\001\342\202 bytes')" \
    '<script>alert(1)</script> & {/Symbol a}_b^c'; do
    rapl-import -q --map full.yaml -l workload="$text" -l run="$text" -o evil.rapl run7.full.csv 2>/dev/null ||
        rapl-import -q --map full.yaml -l workload="$text" -l run="$text" -o evil.rapl one.csv
    rm -f x evil.svg
    rapl-plot --size 900x500 -o evil.svg evil.rapl 2>"$ERR" &&
        rapl-plot --size 900x500 --title "$text" -o title.svg one.rapl 2>>"$ERR" &&
        printf 'model\tr2_run\n%s\t.5\n' "$(printf %s "$text" | tr '\n\t' '  ')" |
        rapl-plot --kind gap --size 900x500 -o model.svg 2>>"$ERR"
    [ $? -eq 0 ] && [ ! -e x ] && [ ! -s "$ERR" ]
    ok $? "not run: $(printf %s "$text" | head -n 1 | tr '#' ' ')" || sed 's/^/# /' "$ERR"
    is_svg evil.svg 900 500
    is_svg title.svg 900 500
done
rapl-import -q --map full.yaml -l workload="$evil" -o evil.rapl one.csv
rapl-plot --size 900x500 -o evil.svg evil.rapl
is_svg evil.svg 900 500
has "$evil"

# ---- manners ----

t usage 2 'rapl-plot -o picture.jpg run7.rapl'
has 'end it in .png or .svg'
t size 2 'rapl-plot --size 9x9 -o x.svg run7.rapl'
t same 2 'rapl-plot --format svg -o run7.rapl run7.rapl'
t gone 4 'rapl-plot -o x.svg no-such-file'
mkdir none
t no-gnuplot 4 "PATH=none '$BIN/rapl-plot' -o x.svg run7.rapl"
has 'gnuplot is not installed'
[ "$(wc -l <"$ERR")" = 1 ] && [ ! -e x.svg ]
ok $? "  in one line, and nothing is left"
printf '#!/bin/sh\necho broken >&2\nexit 3\n' >none/gnuplot
chmod +x none/gnuplot
t bad-gnuplot 4 "PATH=none:\$PATH rapl-plot -o x.svg run7.rapl"
has 'gnuplot ended with 3: broken'
t full 4 'rapl-plot -o /dev/full run7.rapl --format svg'
t script 0 'rapl-plot -o s.gnuplot run7.rapl && gnuplot s.gnuplot >again.svg && rapl-plot run7.rapl | cmp - again.svg'
done_testing
