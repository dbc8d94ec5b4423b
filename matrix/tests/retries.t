#!/bin/sh
# --retries: what fails once is flaky, what fails always fails; and --baseline.
set -u
. "$SRCDIR/matrix/tests/toy.sh"

source=${scratch:?}/src
check 'the fixture has a configure' toy_source "$source"
marks=$scratch/marks
mkdir "$marks"
cat >"$source/tests/wavers.toy" <<END
case wavers
once $marks/{cell} expect 1
case holds
push 1
expect 1
END
# a mark for each cell: the fixture's scripts know no variables
for cell in debug asan; do
    sed "s/{cell}/$cell/" "$source/tests/wavers.toy" >"$source/tests/$cell-wavers.toy"
done
rm "$source/tests/wavers.toy"
printf 'case child\nonce %s/child child fault heap-use-after-free\n' "$marks" \
    >"$source/tests/sometimes.toy"

out=$scratch/result
attempts() {
    find "$out/$1/units/$2" -name unit.json | wc -l
}

check 'with retries, what fails once does not fail the run' \
    exits 0 toy run --out "$out" --cell debug --unit debug-wavers,arith --retries 2
check 'it ran twice' equals 2 attempts debug debug-wavers
check 'the second time as attempt 2' equals 2 \
    jq .attempt "$out/debug/units/debug-wavers/attempt-2/unit.json"
check 'what is clean ran once' equals 1 attempts debug arith
check 'progress tells of it' progressed 'debug-wavers .*attempt 1, once more'
check 'no case of it failed' equals 0 xpath "$out/junit.xml" 'count(//failure|//error)'

rm -f "$marks"/*
check 'without retries it fails' \
    exits 1 toy run --out "$out" --cell debug --unit debug-wavers
check 'it ran once' equals 1 attempts debug debug-wavers
check 'what always fails does so in all attempts' \
    exits 1 toy run --out "$out" --cell debug --unit fails --retries 2
check 'it ran three times' equals 3 attempts debug fails
check 'and is one failure' equals 1 xpath "$out/junit.xml" 'count(//failure)'

check 'a report of one attempt is flaky' \
    exits 0 toy run --out "$out" --cell asan --unit sometimes --retries 1
check 'and says so' equals flaky jq -r '.findings[].status' "$out/findings.json"
check 'no number that is none' exits 2 toy run --out "$out" --retries x

# killed after the first attempt: the next run goes on with the second
rm -f "$marks"/*
check 'an attempt of a run' exits 1 toy run --out "$out" --cell debug --unit debug-wavers
sed 's/"finished": true/"finished": false/' "$out/run.json" >"$scratch/run.json"
cp "$scratch/run.json" "$out/run.json"
mkdir "$out/debug/units/debug-wavers/attempt-2"
check 'one that goes on with it, with retries' \
    exits 0 toy run --out "$out" --cell debug --unit debug-wavers --retries 1
check 'it runs attempt 2 alone' equals 1 progressed ':debug-wavers '
check 'and has both' equals 2 attempts debug debug-wavers

# a baseline
rm -f "$marks"/*
known=$scratch/known.conf
check 'a finding' exits 1 toy run --out "$out" --cell asan --unit sometimes
check 'is recorded' exits 0 "$SANMATRIX" report --out "$scratch/view" \
    --write-baseline="$known" --reason 'a test of ours' "$out"
rm -f "$marks"/*
check 'and is known in the next run, which is clean' \
    exits 0 toy run --out "$out" --cell asan --unit sometimes --baseline "$known" --retries 1
check 'nothing is run again for it' equals 1 attempts asan sometimes
check 'it says so' progressed 'sometimes .*1 known'
check 'it is in the findings, with its reason' equals 'known a test of ours' \
    jq -r '.findings[] | "\(.status) \(.reason)"' "$out/findings.json"
check 'and skipped in the JUnit' equals 'known: a test of ours' xpath "$out/junit.xml" \
    "string(//testcase/skipped/@message)"
check 'when it is gone, it is fixed' exits 0 toy run --out "$out" --cell asan \
    --unit sometimes --baseline "$known"
check 'and listed so' equals 'a test of ours' jq -r '.fixed[].reason' "$out/findings.json"
echo 'finding' >>"$known"
check 'a mistake in it ends the run before it begins' exits 2 toy run --out "$out" --cell asan \
    --unit sometimes --baseline "$known"
check 'and is named with its line' progressed 'known.conf:[0-9]+: '

done_testing
