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
else
    skip 'gdb' 'no gdb here'
fi
done_testing
