#!/bin/sh
# The commands that a report gives to see a finding again do what they say, on the fixture runtime.
set -u
. "$SRCDIR/matrix/tests/toy.sh"

source=$scratch/src
out=$scratch/result
mkdir "$scratch/bin" "$scratch/here"
ln -s "$SANMATRIX" "$scratch/bin/sanmatrix"
PATH=$scratch/bin:$PATH
cd "$scratch/here" || exit 1

# line FILE NAME: the command that the summary gives
line() {
    sed -n "s/^ *$2: //p" "$1" | head -n 1
}

# debug: the gdb line, told what to do
debug() {
    sh "$scratch/gdb" <"$scratch/words"
}

# stop_at_report: what the asan cell puts before a command, before a planted fault
stop_at_report() {
    set --
    while IFS= read -r word; do
        set -- "$@" "$word"
    done <<END
$(jq -r '.rerun.debugger[]' "$out/asan/cell.json")
END
    toy exec --cell asan --terminal -- "$@" '{toy}' --control heap-use-after-free <"$scratch/words"
}

# through_vgdb: gdb, beside Memcheck, which waits at its first error. Never without the prefix: vgdb
# would take, and gdb would kill, whatever else runs under Valgrind on this machine.
through_vgdb() {
    VALGRIND_OPTS="--vgdb-error=1 --vgdb-prefix=$scratch/pipe" timeout 100 "$SANMATRIX" exec \
        --runtime toy --runtime-src "$source" --cell valgrind --terminal -- \
        '{toy}' --control heap-use-after-free >"$scratch/vgdb" 2>&1 &
    tries=0
    until grep -q 'vgdb me' "$scratch/vgdb" || [ $((tries += 1)) -gt 90 ]; do sleep 1; done
    timeout 60 gdb -batch -ex "target remote | vgdb --vgdb-prefix=$scratch/pipe" -ex bt -ex kill
    wait
}

check 'the fixture has a configure' toy_source "$source"
check 'a run with a finding' exits 1 toy run --cell asan,valgrind --unit child --out "$out"
cp "$scratch/out" "$scratch/summary"
for name in again alone gdb; do
    line "$scratch/summary" $name >"$scratch/$name"
    check "the summary has a line for it: $name" test -s "$scratch/$name"
done
check 'again: the unit, with the same finding' exits 1 sh "$scratch/again"
check 'again: in a folder of its own' equals 1 found out/again asan asan heap-use-after-free
check 'alone: the same finding' exits 1 sh "$scratch/alone"
check 'alone: the report is summed up' says heap-use-after-free
check 'the terminal form' exits 0 toy exec --cell asan --terminal -- env
check 'its checker reports to the terminal' says ':log_path=stderr'
check 'its exit status is the command'"'"'s' exits 7 toy exec --cell asan --terminal -- sh -c 'exit 7'
check 'one cell only' exits 2 toy exec --cell asan,valgrind --terminal -- true
check 'a program that is not there' exits 2 toy exec --cell asan --terminal -- ./nowhere
if command -v gdb >/dev/null; then
    printf 'run\nbt\nkill\ny\nquit\n' >"$scratch/words"
    check 'gdb: it runs the unit' exits 0 debug
    check 'gdb: the program started' says 'Starting program'
    check 'gdb in a cell with a sanitizer' exits 0 stop_at_report
    check 'stops at the report' says ' in __asan_on_error ()'
    check 'below which is the access' says ' in control_run'
    check 'gdb through the server of Valgrind' through_vgdb
    check 'it sees where Memcheck stopped' says control_run
else
    skip 'gdb' 'no gdb here'
fi
done_testing
