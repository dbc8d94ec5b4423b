#!/bin/sh
# How long merging takes, and how much memory: 250, 500 and 1,000 result folders of 1,000 test cases.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

folders=1000
i=0
while [ $i -lt $folders ]; do
    case $((i % 4)) in 0) cell=debug ;; 1) cell=asan ;; 2) cell=valgrind ;; *) cell=tsan ;; esac
    for u in 0 1 2 3 4 5 6 7 8 9; do
        echo "$work/in/$i/$cell/units/test_${i}_$u"
    done
    i=$((i + 1))
done | xargs mkdir -p
awk -v out="$work/in" -v folders=$folders -f "$SRCDIR/reports/bench/folders.awk"

echo "folders  seconds  peak MB  junit.xml MB"
for n in 250 500 1000; do
    rm -rf "$work/out"
    mkdir "$work/out"
    # shellcheck disable=SC2046 # words
    LC_ALL=C /usr/bin/time -f '%e %M' -o "$work/time" "$SANMATRIX" report --out "$work/out" \
        $(seq -f "$work/in/%.0f" 0 $((n - 1))) >/dev/null || test $? -le 3
    size=$(wc -c <"$work/out/junit.xml")
    tail -n 1 "$work/time" | awk -v n="$n" -v size="$size" \
        '{ printf "%7d  %7.2f  %7.1f  %12.1f\n", n, $1, $2 / 1024, size / 1e6 }'
done
