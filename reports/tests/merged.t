#!/bin/sh
# Merging: any order gives the same outputs, byte for byte; what was merged can be merged again, and
# that changes nothing; nothing counts twice.
set -u
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"
command -v jq >/dev/null || { echo '1..0 # SKIP no jq here'; exit 0; }

work=$scratch/in
mkdir "$work"
i=0
while [ $i -lt 8 ]; do
    case $((i % 4)) in 0) cell=debug ;; 1) cell=asan ;; 2) cell=valgrind ;; *) cell=tsan ;; esac
    for u in 0 1 2 3 4 5 6 7 8 9; do echo "$work/$i/$cell/units/test_${i}_$u"; done
    i=$((i + 1))
done | xargs mkdir -p
awk -v out="$work" -v folders=8 -f "$SRCDIR/reports/bench/folders.awk"
# what is not all well: a cell that is not there, one that is blind, a unit without a result, a unit that
# was run again, a log that breaks off, and a unit that was run in two jobs
rm "$work/6/valgrind/cell.json" "$work/1/asan/units/test_1_4/unit.json"
sed -i 's/"ready"/"blind", "reason": "it missed race"/' "$work/3/tsan/cell.json"
mkdir "$work/5/asan/units/test_5_3/attempt-2"
echo '{"unit": "test_5_3", "exit_code": 0, "attempt": 2}' \
    >"$work/5/asan/units/test_5_3/attempt-2/unit.json"
cp "$SRCDIR/reports/tests/samples/memcheck-cut.xml" "$work/0/debug/units/test_0_3/memcheck.9.xml"
cp -R "$work/4/debug/units/test_4_3" "$work/0/debug/units/test_4_3"
sed -i 's/06:04/07:04/' "$work/0/debug/units/test_4_3/unit.json"
sed -n 1,6p "$SRCDIR/reports/tests/samples/ubsan-gcc.txt" >"$work/raw.txt"
cd "$work" || exit 1

# merge NAME INPUT...: into $scratch/NAME
merge() {
    name=$1
    shift
    "$SANMATRIX" report --out "$scratch/$name" "$@" >"$scratch/$name.txt"
    status=$?
    [ $status -eq 3 ] || { echo "status $status"; return 1; }
}

# same NAME: all its outputs are those of the first merge
same() {
    for file in junit.xml findings.json findings.sarif report.html summary.md merged.jsonl; do
        cmp "$scratch/all/$file" "$scratch/$1/$file" || return 1
    done
    cmp "$scratch/all.txt" "$scratch/$1.txt"
}

# merges WHAT NAME INPUT...
merges() {
    what=$1 name=$2
    shift 2
    check "$what" merge "$name" "$@"
    check "$what: the same" same "$name"
}

check 'eight folders and a log' merge all 0 1 2 3 4 5 6 7 raw.txt
check 'there are findings' test "$(grep -c '"tool": "asan"' "$scratch/all/findings.json")" -ge 10
check 'a flaky one' has "$scratch/all/findings.json" '"status": "flaky"'
check 'something that could not be read' test "$(jq '.unparsed | length' \
    "$scratch/all/findings.json")" -gt 0
check 'and errors' has "$scratch/all/junit.xml" '<error'
merges 'in another order' turned raw.txt 7 3 1 5 0 2 6 4
for seed in 1 2 3; do
    # shellcheck disable=SC2046 # words
    merges "in an order of chance, $seed" "chance$seed" $(printf '%s\n' 0 1 2 3 4 5 6 7 raw.txt |
        awk -v seed=$seed 'BEGIN { srand(seed) } { print rand(), $0 }' | sort | sed 's/.* //')
done
merges 'one of them twice' twice 0 1 2 3 2 4 5 6 7 raw.txt raw.txt
merges 'what was merged' again "$scratch/all"
merges 'what was merged and a part of it' more "$scratch/all" 5 raw.txt
merges 'a part of it and what was merged' less 5 raw.txt "$scratch/all"
check 'one half' merge half 0 1 2 3
check 'the other half' merge other 4 5 6 7 raw.txt
merges 'both halves' halves "$scratch/other" "$scratch/half"
merges 'one half merged, one not' mixed 6 "$scratch/half" 4 5 raw.txt 7

refuses() {
    "$SANMATRIX" report "$1" >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    [ $status -eq 2 ] && grep -q "$2" "$scratch/out"
}
mkdir "$scratch/bad"
echo '{"schema": "sanmatrix-merged/9"}' >"$scratch/bad/merged.jsonl"
check 'another schema is refused' refuses "$scratch/bad" 'merged.jsonl:1: not of schema'
head -c 5000 "$scratch/all/merged.jsonl" >"$scratch/bad/merged.jsonl"
check 'a file that was cut is refused, with the line' refuses "$scratch/bad" 'merged.jsonl:[0-9]*: '

done_testing
