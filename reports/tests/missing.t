#!/bin/sh
# What should be there and is not, is an error in every output, and the exit status is 3.
set -u
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"
cd "$scratch" || exit 1

# run DIR PARTITION CELLS UNITS: what was planned
run() {
    mkdir -p "$1"
    echo "{\"runtime\": \"toy-1\", \"partition\": \"$2\", \"cells\": [$3]}" >"$1/run.json"
}
# ran DIR CELL UNIT: what is there
ran() {
    mkdir -p "$1/$2/units/$3"
    echo '{"state": "ready"}' >"$1/$2/cell.json"
    echo "{\"unit\": \"$3\", \"exit_code\": 0}" >"$1/$2/units/$3/unit.json"
}

# tells WHAT INPUT...: each output says WHAT, as an error
tells() {
    what=$1
    shift
    "$SANMATRIX" report --out views "$@" >summary.txt
    status=$?
    [ $status -eq 3 ] || { echo "status $status"; return 1; }
    for file in summary.txt views/junit.xml views/findings.json views/findings.sarif \
        views/report.html views/summary.md; do
        grep -q -e "$what" "$file" || { echo "$file does not say so"; return 1; }
    done
    grep -q '<error' views/junit.xml && rm -r views
}

run cell hash:1/1 '{"name": "asan", "units": ["a"]}, {"name": "tsan", "units": ["a"]}'
ran cell asan a
check 'a cell that left nothing' tells 'cell tsan is missing' cell
run one hash:1/4 '{"name": "asan", "units": ["a"]}'
ran one asan a
run three hash:3/4 '{"name": "asan", "units": ["c"]}'
ran three asan c
run four hash:4/4 '{"name": "asan", "units": ["d"]}'
ran four asan d
check 'a part of a partition' tells 'no result of partition hash.*2/4' one three four
check 'what was merged without it' exits 3 "$SANMATRIX" report --out merged one three four
check 'still tells' tells 'no result of partition hash.*2/4' merged
run two hash:2/4 '{"name": "asan", "units": ["b"]}'
ran two asan b
check 'with it all is well' exits 0 "$SANMATRIX" report --out whole one merged two
run unit hash:1/1 '{"name": "asan", "units": ["a", "b"]}'
ran unit asan a
check 'a unit that was planned' tells 'it was planned and left no result' unit
check 'an input that is not there' tells 'cell five is missing' one two three four five

done_testing
