#!/bin/sh
# rapl-calibrate: from the host to its guests, idle and dynamic power apart.
. "$(dirname "$0")/../../lib.sh"
. "$HERE/lib.sh"

# A guest of 4 CPUs that keeps two of them busy, without watts.
record guest.win 30 .5 none -l cpus=4 -l cpu_model='Xeon B'
# idle W, dynamic W and width of the interval of what a model says of it
said() # MODEL WINDOWS
{
    rapl-infer -q "$1" --format tsv "$2" | awk -F '\t' '
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { print $c["idle_w"], $c["dynamic_w"], $c["upper_w"] - $c["lower_w"]
          exit }'
}
near() # A B NAME
{
    awk -v a="$1" -v b="$2" 'BEGIN { d = a - b
        exit !(a != "" && d * d <= .0001 + .0001 * b * b) }'
    ok $? "$3: $1 is $2"
}

t host 0 'rapl-calibrate M sweep.win -o host.ckpt'
t guest 0 'rapl-calibrate host.ckpt --share 4/24 -o guest.ckpt'
# Two busy CPUs, on the host and in the guest.
record two.win 30 0.0833333 none -l cpu_model='Xeon B'
set -- $(said host.ckpt two.win)
idle=$1 dynamic=$2
set -- $(said guest.ckpt guest.win)
near "$1" "$(awk "BEGIN { print $idle * 4 / 24 }")" 'a share of idle'
near "$2" "$dynamic" 'all that its CPUs add'
t quiet 0 'rapl-infer guest.ckpt -o x.pred guest.win'
[ ! -s "$ERR" ]
ok $? '  and a guest is nothing to warn of'

# The same from a data sheet; the guest's stream tells its CPUs.
t sheet 0 'rapl-calibrate M --host-cpus 24 --idle 20W --full 124W -o a.ckpt guest.win'
t by-share 0 'rapl-calibrate M --share 4/24 --idle 20W --full 124W -o b.ckpt guest.win'
cmp a.ckpt b.ckpt
ok $? '  either way'
rapl-dump --header a.ckpt >header
for line in 'calibration.1.share: "4/24"' 'calibration.1.cpus: "24"' \
    'data.cpu_models: "Xeon A, Xeon B"' 'physical.n_cpus: "24"'; do
    grep -qF "$line" header
    ok $? "  $line"
done
set -- $(said a.ckpt guest.win)
awk -v w="$1" 'BEGIN { exit !(w > 3 && w < 3.7) }'
ok $? "  a sixth of 20 W is idle: $1"

# The guest's model remains one when it is calibrated again.
t again 0 'rapl-calibrate a.ckpt --full 124W -o c.ckpt - <guest.win'
rapl-dump --header c.ckpt | grep -qF 'physical.n_cpus: "24"'
ok $? '  of 24 CPUs'
set -- $(said c.ckpt guest.win)
awk -v w="$1" 'BEGIN { exit !(w > 3 && w < 3.7) }'
ok $? "  and a sixth of idle: $1"

# A host of another size; watts of a host beside the CPUs of its guest.
t bigger 0 'rapl-calibrate M --share 4/48 --idle 40W -o big.ckpt'
has 'the model is of a machine of 24 CPUs, this one has 48'
record inside.win 60 ramp 1.5 -l cpus=4
t inside 3 'rapl-calibrate M --host-cpus 24 -o x.ckpt inside.win'
has 'watts beside the CPUs of a guest are of the whole host'
t neither 3 'rapl-calibrate M --share 8/24 -o x.ckpt guest.win'
has 'the windows are of a machine of 4 CPUs, and the host has 24'
done_testing
