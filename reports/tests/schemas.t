#!/bin/sh
# What is written is valid: JUnit under both schemas, SARIF under the official one, JSON under ours; of
# results that are as odd as they come.
set -u
. "$SRCDIR/ci/tests/tap.sh"

schemas=$SRCDIR/../shared/schemas
here=$SRCDIR/reports/tests
cd "${scratch:?}" || exit 1

python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import jsonschema' 2>/dev/null && python=$candidate && break
done

# json ARGUMENT...: as validate.py
json() {
    "$python" "$here/validate.py" "$@"
}

xsd() {
    xmllint --noout --schema "$schemas/$1" "$2"
}

# several FILE: of five tools or more
several() {
    [ "$(grep -o '"tool": "[a-z]*", "kind' "$1" | sort -u | wc -l)" -ge 5 ]
}

hostile=$(printf 'n<&\\"]]>\\u0007\\u001b[1m\\ud83d\\udc0d \\ufffe')

mkdir -p res/asan/units/test_a res/asan/units/test_b res/valgrind
cat >res/run.json <<END
{"schema": "sanmatrix-run/1", "runtime": "toy-1", "version": "1.0", "hostname": "$hostile",
 "started": "yesterday", "partition": "hash:1/2", "source": "/src",
 "cells": [{"name": "asan", "requested": true, "units": ["test_a", "test_b", "test_gone"]},
  {"name": "valgrind", "requested": true, "units": []},
  {"name": "tsan", "requested": true, "units": []}]}
END
cat >res/asan/cell.json <<END
{"state": "ready", "properties": {"compiler": "$hostile", "$hostile": "x"}, "controls": [
 {"name": "$hostile", "summary": "$hostile", "seen": true, "found": [{"tool": "asan", "kind": "x"}],
  "expected": {"tool": "asan", "kind": "double-free", "category": "invalid-free"}},
 {"name": "race", "seen": false, "expected": null, "found": []}]}
END
echo '{"state": "unavailable", "requested": true, "reason": "no Valgrind", "controls": []}' \
    >res/valgrind/cell.json
echo '{"unit": "test_a", "exit_code": 1, "seconds": 0.25}' >res/asan/units/test_a/unit.json
echo '{"unit": "test_b", "signal": 9, "seconds": 1e6}' >res/asan/units/test_b/unit.json
printf '<testsuite><testcase classname="c]]&gt;" name="n"/><testcase classname="c]]&gt;" name="n">
<failure message="&lt;&quot;">%s</failure></testcase><testcase name=""><skipped/></testcase>
</testsuite>' 'text ]]&gt;' >res/asan/units/test_a/junit.xml
{
    cat "$here"/samples/*.txt
    printf '==1==ERROR: AddressSanitizer: \377\033[1m<x>]]> on address 0x1\n'
    printf '    #0 0x55 in \377<&"]]>\001 /src/\302\240 %%41?#[].c:3:5\n\n'
} >res/asan/units/test_a/asan.1
for sample in "$here"/samples/*.xml; do
    cp "$sample" "res/asan/units/test_b/memcheck.$(basename "$sample").xml"
done

check 'a report of all kinds of findings' exits 3 "$SANMATRIX" report res
check 'again, strictly' exits 3 "$SANMATRIX" report --strict --junit strict.xml --json one.json res
check 'not folded' exits 3 "$SANMATRIX" report --no-fold --json nofold.json --sarif nofold.sarif res
check 'nothing at all' exits 0 "$SANMATRIX" report --out empty "$here/samples/nothing.txt"
check 'there are findings of several tools' several res/findings.json

if [ -n "$python" ]; then
    check 'the JSON is valid' json "$SRCDIR/reports/findings.schema.json" res/findings.json
    check 'and our schema names all of it' json --closed "$SRCDIR/reports/findings.schema.json" \
        res/findings.json
    check 'not folded too' json --closed "$SRCDIR/reports/findings.schema.json" nofold.json
    check 'empty too' json --closed "$SRCDIR/reports/findings.schema.json" empty/findings.json
else
    skip 'the JSON is valid' 'no Python with jsonschema here'
fi
if [ -n "$python" ] && [ -d "$schemas" ]; then
    check 'the SARIF is valid' json "$schemas/sarif-2.1.0.json" res/findings.sarif
    check 'not folded too' json "$schemas/sarif-2.1.0.json" nofold.sarif
    check 'empty too' json "$schemas/sarif-2.1.0.json" empty/findings.sarif
else
    skip 'the SARIF is valid' 'no ../shared/schemas, or no Python with jsonschema'
fi
if [ -d "$schemas" ] && command -v xmllint >/dev/null; then
    sed 's/\(<testcase .*\) file="[^"]*"/\1/; s/\(<testcase .*\) line="[^"]*"/\1/' res/junit.xml >plain.xml
    check 'JUnit: valid under junit-10, but for file and line' xsd junit-10.xsd plain.xml
    check 'strict JUnit: valid under junit-10' xsd junit-10.xsd strict.xml
    check 'strict JUnit: valid under windyroad' xsd windyroad-JUnit.xsd strict.xml
    check 'empty: valid under junit-10' xsd junit-10.xsd empty/junit.xml
else
    skip 'JUnit is valid' 'no ../shared/schemas, or no xmllint'
fi
done_testing
