#!/bin/sh
# sanmatrix report, as it is called: inputs, outputs, exit statuses, merging, schemas.
set -u
. "$SRCDIR/ci/tests/tap.sh"
unset NO_COLOR CLICOLOR_FORCE

schemas=$SRCDIR/../shared/schemas

# run DIR CELL PARTITION UNIT...: a result folder whose cell is ready
run() {
    dir=$1 cell=$2 partition=$3
    shift 3
    units=
    mkdir -p "$dir/$cell"
    for unit; do units="$units${units:+, }\"$unit\""; done
    cat >"$dir/run.json" <<END
{"schema": "sanmatrix-run/1", "runtime": "toy-1", "version": "1.0", "hostname": "host",
 "started": "2026-11-20T06:00:00", "partition": "$partition",
 "cells": [{"name": "$cell", "requested": true, "units": [$units]}]}
END
    cat >"$dir/$cell/cell.json" <<END
{"schema": "sanmatrix-cell/1", "cell": "$cell", "state": "ready", "requested": true,
 "properties": {"compiler": "cc", "flags": "-g"}, "seconds": 1.5,
 "controls": [{"name": "double-free", "summary": "twice", "seen": true,
   "expected": {"tool": "asan", "kind": "double-free", "category": "invalid-free"},
   "found": [{"tool": "asan", "kind": "double-free", "category": "invalid-free"}]},
  {"name": "race", "summary": "two", "seen": false, "expected": null, "found": []}]}
END
    for unit; do unit "$dir" "$cell" "$unit" 0; done
}

# unit DIR CELL UNIT STATUS: ended so, with one passed case
unit() {
    mkdir -p "$1/$2/units/$3"
    echo "{\"cell\": \"$2\", \"unit\": \"$3\", \"exit_code\": $4, \"seconds\": 0.25}" \
        >"$1/$2/units/$3/unit.json"
    echo "<testsuite><testcase name='m.$3.test_one' time='0.1'/></testsuite>" \
        >"$1/$2/units/$3/junit.xml"
}

# asan PID FUNCTION: a report
asan() {
    cat <<END
==$1==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x5 bp 0x7 sp 0x7
READ of size 8 at 0x602000000010 thread T0
    #0 0x55 in $2 /src/a.c:3:5
    #1 0x56 in main /src/a.c:9:2

SUMMARY: AddressSanitizer: heap-use-after-free /src/a.c:3:5 in $2
==$1==ABORTING
END
}

report() {
    "$SANMATRIX" report "$@"
}

# valid SCHEMA FILE
valid() {
    xmllint --noout --schema "$schemas/$1" "$2"
}

# full INPUT: standard output is a full disk
full() {
    report --json - "$1" >/dev/full
}

# entries FILE N: it has N findings
entries() {
    cat "$1"
    [ "$(grep -c '"tool": "asan", "kind": "heap-use-after-free"' "$1")" -eq "$2" ]
}

escape=$(printf '\033')
cd "${scratch:?}" || exit 1

check 'help' exits 0 report --help
check 'help tells of the exit statuses' says 'Exit status: 0 clean'
check 'no input' exits 2 report
check 'an option of a later time' exits 2 report --pdf x.pdf in
check 'it is named' says "unknown option '--pdf'"
check 'an option without its value' exits 2 report --junit
check 'two outputs to one place' exits 2 report --junit - --json - in
check 'an input that is not there' exits 2 report nowhere
check 'it is named, with the reason' says "cannot open 'nowhere': No such file"

run clean asan hash:1/1 test_a test_b
check 'a clean run' exits 0 report clean
check 'the summary' says '2 tests: 2 passed, 0 skipped, 0 failed, 0 errors; 0 findings'
check 'the table of controls: seen' grep -qx 'double-free  seen' out
check 'the table of controls: not claimed' grep -qx 'race         -' out
check 'outputs go into the folder: JUnit' has clean/junit.xml 'classname="asan.m.test_a"'
check 'outputs go into the folder: JSON' has clean/findings.json '"sanmatrix-findings/1"'
check 'outputs go into the folder: SARIF' has clean/findings.sarif '"version": "2.1.0"'
check 'outputs go into the folder: Markdown' has clean/summary.md '## sanmatrix: clean'
report --junit - clean >only.xml
check 'JUnit on standard output, and nothing else' cmp only.xml clean/junit.xml
check 'no colour in a pipe' lacks out "$escape"
export CLICOLOR_FORCE=1
check 'colour if asked for' exits 0 report clean
unset CLICOLOR_FORCE
check 'there it is' has out "$escape"

run bad asan hash:1/1 test_a test_b
asan 7 f >bad/asan/units/test_a/asan.7
asan 8 f >bad/asan/units/test_b/asan.8
check 'a child reports, its test passes' exits 1 report --out views bad
check 'the summary names the place' says 'f (src/a.c:3)'
check 'one finding, folded' says '; 1 finding'
check 'the failed case is the unit' has views/junit.xml 'classname="asan.test_a" name="test_a"'
check 'the input is as it was' test ! -e bad/junit.xml
check 'not folded' exits 1 report --no-fold --json two.json bad
check 'not folded: two entries' entries two.json 2

run missing asan hash:1/1 test_a
rm missing/asan/units/test_a/unit.json
check 'a unit left no result' exits 3 report missing
check 'it is named' says 'missing: it was planned and left no result'
check 'and in the JUnit' has missing/junit.xml '<error type="error" message="missing'

run nothing asan hash:1/1
check 'nothing was selected' exits 4 report nothing

mkdir -p logs/deep
asan 9 g >logs/deep/one.log
asan 9 g | "$SANMATRIX" report --json piped.json - >/dev/null
check 'standard input' has piped.json '"log": "-"'
check 'a raw log' exits 1 report logs/deep/one.log
check 'a folder of raw logs' exits 1 report --junit raw.xml logs
check 'the JUnit of raw logs' has raw.xml 'classname="logs.asan" name="heap-use-after-free in g"'
echo 'all is well' >fine.log
check 'a log without a report' exits 0 report fine.log

# a fan-out: the same cell from two machines, another cell from a third
run part1 asan hash:1/2 test_a
run part2 asan hash:2/2 test_b
run part3 debug hash:1/1 test_a
asan 7 f >part1/asan/units/test_a/asan.7
asan 8 f >part2/asan/units/test_b/asan.8
check 'merging' exits 1 report --junit m1.xml --json m1.json --sarif m1.sarif \
    --markdown m1.md part1 part2 part3
check 'parts of a cell are joined' says '5 tests: 3 passed, 0 skipped, 2 failed'
check 'merging in another order' exits 1 report --junit m2.xml --json m2.json --sarif m2.sarif \
    --markdown m2.md part3 part2 part1
check 'gives the same JUnit, byte by byte' cmp m1.xml m2.xml
check 'gives the same findings, byte by byte' cmp m1.json m2.json
check 'gives the same SARIF, byte by byte' cmp m1.sarif m2.sarif
check 'gives the same Markdown, byte by byte' cmp m1.md m2.md
check 'one finding' entries m1.json 1
check 'seen twice' has m1.json '"count": 2'
check 'a part that did not arrive' exits 3 report --junit m3.xml part1 part3
check 'is named' says 'no result of partition hash:2/2'
check 'is an error in the JUnit' has m3.xml 'name="partitions"'
check 'a folder that did not arrive' exits 3 report --junit m4.xml part1 part2 debug-folder
check 'is told' says "the result folder 'debug-folder' is not there"
check 'and the rest of the report is there' has m4.xml 'heap-use-after-free'
mkdir all && cp -r part1 part2 part3 all
check 'a folder of result folders' exits 1 report --junit m5.xml all
check 'is the same as its parts' cmp m1.xml m5.xml

echo 'not JSON' >clean/run.json
check 'a run.json that is broken' exits 2 report clean
check 'file and line are named' says 'clean/run.json:1:'

check 'an output that cannot be written' exits 3 report --junit no/such/folder/x.xml bad
check 'is named' says "cannot create 'no/such/folder/x.xml'"
check 'a full disk' exits 3 full bad

# 150 reports without an end: a hundred are told of, and how many more there are
i=0
while [ $i -lt 150 ]; do
    i=$((i + 1))
    asan $i "f$i" | head -n 3
done >many_cut.txt
report --json cut.json many_cut.txt >/dev/null
check 'the places in a log that cannot be read are bounded' \
    [ "$(grep -c '"reason": "the report has no end"' cut.json)" -eq 100 ]
check 'what is beyond is counted' grep -q '"50 more places in this log, up to here' cut.json

if [ -d "$schemas" ] && command -v xmllint >/dev/null; then
    run good asan hash:1/1 test_a
    report good >/dev/null
    report --strict --junit strict.xml bad missing part3 logs >/dev/null
    sed 's/ file="[^"]*"//; s/ line="[^"]*"//' views/junit.xml >plain.xml
    check 'valid under junit-10' valid junit-10.xsd good/junit.xml
    check 'valid under junit-10 with findings, but for file and line' valid junit-10.xsd plain.xml
    check 'strict: valid under junit-10' valid junit-10.xsd strict.xml
    check 'strict: valid under windyroad' valid windyroad-JUnit.xsd strict.xml
else
    skip 'valid under the schemas' 'no ../shared/schemas, or no xmllint'
fi
done_testing
