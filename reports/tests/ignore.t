#!/bin/sh
# The frames that keys leave out come from data files: the installed ones, those in SANMATRIX_IGNORE, or
# what was compiled in.
set -u
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"
unset SANMATRIX_IGNORE

log=$SRCDIR/reports/tests/samples/asan-uaf-gcc.txt

# fingerprint PROGRAM: of the one finding of the log
fingerprint() {
    "$1" report --json - "$log" | sed -n 's/.*"fingerprint": "\([^"]*\)".*/\1/p'
}
same() {
    [ "$(fingerprint "$1")" = "$key" ]
}
other() {
    got=$(fingerprint "$1")
    [ -n "$got" ] && [ "$got" != "$key" ]
}

key=$(fingerprint "$SANMATRIX")
check 'without any files there is a key' test -n "$key"
mkdir -p "$scratch/prefix/bin" "$scratch/prefix/share/sanmatrix/ignore"
cp "$SANMATRIX" "$scratch/prefix/bin/sanmatrix"
cp "$SRCDIR"/reports/ignore/*.txt "$scratch/prefix/share/sanmatrix/ignore"
check 'with the installed files it is the same' same "$scratch/prefix/bin/sanmatrix"
printf '# ours\n[key]\n g?t \n' >"$scratch/prefix/share/sanmatrix/ignore/ours.txt"
check 'a pattern that is added there counts' other "$scratch/prefix/bin/sanmatrix"
mkdir "$scratch/mine"
export SANMATRIX_IGNORE="$scratch/mine"
check 'a folder without such files changes nothing' same "$SANMATRIX"
cp "$SRCDIR"/reports/ignore/*.txt "$scratch/mine"
check 'nor does one with the same files' same "$SANMATRIX"
printf '[later]\nget\n[key]\nxget\n' >"$scratch/mine/ours.txt"
check 'nor a section of a later version' same "$SANMATRIX"
printf '[top]\nget' >"$scratch/mine/ours.txt"
check 'a pattern that is added counts' other "$SANMATRIX"

done_testing
