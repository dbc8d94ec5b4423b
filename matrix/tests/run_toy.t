#!/bin/sh
# A whole run on the fixture runtime: four cells, from source to reports, and again.
set -u
. "$SRCDIR/matrix/tests/toy.sh"

source=$scratch/src
out=$scratch/result
check 'the fixture has a configure' toy_source "$source"

check 'a run over the four default cells ends with 1: there are findings' \
    exits 1 toy run --out "$out"
check 'its JUnit is well-formed' xmllint --noout "$out/junit.xml"

for cell in asan debug tsan valgrind; do
    check "$cell is ready" equals ready jq -r .state "$out/$cell/cell.json"
    check "$cell: seven units ran" equals 7 entries "$out/$cell/units"
    check "$cell: the runner's test cases are in the JUnit" equals 3 \
        xpath "$out/junit.xml" "count(//testcase[@classname='$cell.arith'])"
    check "$cell: the test that fails is a failure" equals 1 xpath "$out/junit.xml" \
        "count(//testcase[@classname='$cell.fails' and @name='is wrong']/failure)"
    check "$cell: the test that is skipped is, with its reason" \
        equals 'this machine has no moon' xpath "$out/junit.xml" \
        "string(//testcase[@classname='$cell.skipped']/skipped/@message)"
    check "$cell: its controls are a suite of their own" equals 14 xpath "$out/junit.xml" \
        "count(//testsuite[@name='$cell.controls']/testcase)"
done

# Every case of unit `child` passes: its children wrote the reports.
check 'asan: a report of a child of a unit that passed' \
    equals 1 found "$out" asan asan heap-use-after-free
check 'asan: what UBSan says is there too' \
    equals 1 found "$out" asan ubsan signed-integer-overflow
check 'valgrind: an invalid read' equals 1 found "$out" valgrind memcheck InvalidRead
check 'valgrind: a branch on rubbish' equals 1 found "$out" valgrind memcheck UninitCondition
check 'tsan: a race' equals 1 found "$out" tsan tsan 'data race'
check 'debug: nothing of it' equals '' jq -r '.findings[].occurrences[]
    | select(.cell == "debug") | .unit' "$out/findings.json"
check 'findings name their unit' equals child jq -r '[.findings[].occurrences[].unit] | unique[]' \
    "$out/findings.json"

# seen CELL CONTROL: what the cell says of a planted fault
seen() {
    jq -r --arg name "$2" '.controls[] | select(.name == $name)
        | if .expected then .seen else "not claimed" end' "$out/$1/cell.json"
}
check 'asan sees a use after free' equals true seen asan heap-use-after-free
check 'asan sees an overflow' equals true seen asan heap-overflow
check 'asan sees what a child without environment does' equals true seen asan cleared-environment
check 'valgrind sees a leak' equals true seen valgrind leak
check 'valgrind sees what a child without environment does' \
    equals true seen valgrind cleared-environment
check 'tsan sees a race' equals true seen tsan data-race
check 'tsan sees what a child without environment does' equals true seen tsan cleared-environment
check 'debug sees an overflow' equals true seen debug heap-overflow
check 'debug sees an assertion' equals true seen debug assertion
check 'debug does not claim to see a race' equals 'not claimed' seen debug data-race

# first_test OUT SINCE: seconds from SINCE to the start of the first unit
first_test() {
    for unit in "$1"/*/units/*/unit.json; do
        echo "$(stat -c %.Y "$unit") $(jq .seconds "$unit")"
    done | awk -v since="$2" '{ t = $1 - $2 - since; if (NR == 1 || t < first) first = t }
        END { print first }'
}
began=$(date +%s.%N)
check 'a second run ends as the first' exits 1 toy run --out "$out"
check 'it configures nothing' equals 0 progressed ':configure '
check 'it makes nothing' equals 0 progressed ':make '
first=$(first_test "$out" "$began")
check "its first test starts within 2 s ($first)" \
    awk -v t="$first" 'BEGIN { exit !(t > 0 && t < 2) }'

sleep 1.1 # a time stamp of its own, even where they are of whole seconds
touch "$source/value.c"
check 'a run after one file was touched' exits 0 toy run --out "$out" --suite quick \
    --cell asan,debug
check 'it configures nothing' equals 0 progressed ':configure '
check 'it makes both cells' equals 2 progressed ':make '
for cell in asan debug; do
    log=$out/$cell/build/make/output.txt
    check "$cell: one file is compiled" equals 1 grep -c -e ' -c -o ' "$log"
    check "$cell: that file" has "$log" 'value.c'
done

# A cell that cannot run here.
cat >"$scratch/cells/nowhere.conf" <<'CELL'
summary = "what no gcc can"
sanitizers = {"memory"}
compiler = {"gcc"}
runtime toy { }
CELL
check 'a cell that cannot run, asked for by name, is an error' \
    exits 3 toy run --out "$scratch/nowhere" --suite quick --cell debug,nowhere
check 'the JUnit says so' equals 1 xpath "$scratch/nowhere/junit.xml" \
    "count(//testsuite[starts-with(@name,'nowhere')]//error[contains(@message,'fsanitize=memory')])"
check 'the other cell ran' equals 3 entries "$scratch/nowhere/debug/units"
echo 'default = true' >>"$scratch/cells/nowhere.conf"
for cell in asan tsan valgrind; do # a file of the same name in a folder that comes first
    sed 's/^default = true/default = false/' "$SRCDIR/matrix/cells/$cell.conf" \
        >"$scratch/cells/$cell.conf"
done
check 'a cell that cannot run, and was not asked for, is none' \
    exits 0 toy run --out "$scratch/nowhere" --suite quick
check 'the JUnit has it as skipped' equals 1 xpath "$scratch/nowhere/junit.xml" \
    "count(//testsuite[starts-with(@name,'nowhere')]//skipped[contains(@message,'fsanitize=memory')])"

# A cell that does not see what it says it sees: the pool hides it.
cat >"$scratch/cells/blind.conf" <<'CELL'
summary = "AddressSanitizer, with the pool in its way"
sanitizers = {"address"}
runtime toy {
	cflags = {"-fsanitize=address"}
	build-env = {"ASAN_OPTIONS=detect_leaks=0"}
	fact WITH_POOL { value = "1" }
	control heap-use-after-free {
		tool = "asan"
		kind = "heap-use-after-free"
		category = "use-after-free"
	}
}
CELL
check 'a cell that misses a control ends the run with 3' \
    exits 3 toy run --out "$scratch/blind" --suite quick --cell blind
check 'the cell is blind' equals blind jq -r .state "$scratch/blind/blind/cell.json"
check 'and says to what' equals true jq '.reason | contains("heap-use-after-free")' \
    "$scratch/blind/blind/cell.json"
check 'the control is an error in the JUnit' equals 1 xpath "$scratch/blind/junit.xml" \
    "count(//testsuite[@name='blind.controls']/testcase[@name='heap-use-after-free'][error|failure])"

# A cell whose build is not what it claims.
sed 's/value = "1"/value = "0"/; /control heap/,/^	}/d' "$scratch/cells/blind.conf" \
    >"$scratch/cells/liar.conf"
check 'a cell that is not what it claims ends the run with 3' \
    exits 3 toy run --out "$scratch/liar" --suite quick --cell liar
check 'and says how' equals true jq '.reason | contains("WITH_POOL")' "$scratch/liar/liar/cell.json"

done_testing
