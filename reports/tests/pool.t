#!/bin/sh
# Reports on pools that an interpreter annotated, with its own lines under the stacks (shim/): they are the
# Python frames of the allocation, the free and the access, in JSON, HTML and JUnit; from a sample, and from a
# program that is built and run here.
set -u
. "$SRCDIR/ci/tests/tap.sh"
unset POOLSHIM_OPTIONS

reads() { # LOG
    "$SANMATRIX" report --json "$scratch/f.json" --junit "$scratch/junit.xml" --html "$scratch/page.html" \
        "$1" >"$scratch/out" 2>&1
    [ $? -eq 1 ] || { cat "$scratch/out"; return 1; }
}
# frames ROLE: "FILE:LINE FUNCTION;" each; ROLE python: those of the access
frames() {
    jq -r --arg role "$1" '.findings[0] |
        [(if $role == "python" then . else (.stacks[] | select(.role == $role)) end).python[]? |
            "\(.file):\(.line) \(.function);"] | join("")' "$scratch/f.json"
}
frames_are() { # ROLE TEXT
    frames "$1"
    [ "$(frames "$1")" = "$2" ]
}
# all that a person reads of the page, one line
page_says() {
    sed 's/<[^>]*>/ /g' "$scratch/page.html" | tr -s ' \n' ' ' >"$scratch/page.txt"
    grep -qF -e "$1" "$scratch/page.txt"
}

check 'the sample is read' reads "$SRCDIR/reports/tests/samples/asan-pool-python.txt"
check 'the sample: where it was allocated' frames_are alloc "/src/nodes.py:7 make;/src/nodes.py:15 main;\
/src/nodes.py:20 <module>;<frozen importlib._bootstrap>:488 _call_with_frames_removed;"
check 'the sample: where it was freed' frames_are free "/src/nodes.py:11 drop;/src/nodes.py:16 main;\
/src/nodes.py:20 <module>;<frozen importlib._bootstrap>:488 _call_with_frames_removed;"
check 'the sample: nothing is known of the access' frames_are python ''
check 'the page shows them' page_says 'drop src/nodes.py:11 main src/nodes.py:16'
check 'JUnit shows them' has "$scratch/junit.xml" 'nodes.py&quot;, line 11 in drop'
check 'one finding' [ "$(jq '.findings | length' "$scratch/f.json")" -eq 1 ]
check 'nothing is left over' [ "$(jq '.unparsed | length' "$scratch/f.json")" -eq 0 ]

# what is merged is what was read
merged() {
    "$SANMATRIX" report --out "$scratch/merged" "$SRCDIR/reports/tests/samples/asan-pool-python.txt" \
        >"$scratch/out" 2>&1
    "$SANMATRIX" report --json "$scratch/again.json" "$scratch/merged" >"$scratch/out" 2>&1
    jq '.findings[0].stacks' "$scratch/f.json" >"$scratch/stacks"
    jq '.findings[0].stacks' "$scratch/again.json" | diff "$scratch/stacks" - && [ -s "$scratch/stacks" ]
}
check 'the same again when it was merged' merged

# runs FAULT: its report is read
runs() {
    "$scratch/scripts" "$1" >"$scratch/log" 2>&1
    reads "$scratch/log"
}
if "$CC" -O1 -g -fno-omit-frame-pointer -std=c11 -D_GNU_SOURCE -I"$SRCDIR/shim" -fsanitize=address -pthread \
    -o "$scratch/scripts" "$SRCDIR/shim/tests/scripts.c" "$BUILD/shim/libpoolshim.a" 2>"$scratch/out"; then
    ASAN_OPTIONS=detect_leaks=0
    ASAN_SYMBOLIZER_PATH=${SYMBOLIZER:-}
    export ASAN_OPTIONS ASAN_SYMBOLIZER_PATH
    here=/srv/script.py
    check 'a use after free is read' runs after
    check '... where it was allocated' frames_are alloc "$here:10 line_10;$here:11 line_11;"
    check '... where it was freed' frames_are free "$here:20 line_20;$here:21 line_21;"
    check 'a double free is read' runs twice
    check '... where the second one was' frames_are python "$here:30 line_30;$here:31 line_31;"
    check '... where the first one was' frames_are free "$here:20 line_20;$here:21 line_21;"
    check '... where it was allocated' frames_are alloc "$here:10 line_10;$here:11 line_11;"
    check '... JUnit tells of each once' [ "$(grep -c 'script.py' "$scratch/junit.xml")" -eq 6 ]
    check 'a leak is read' runs leak
    check '... where it was allocated' frames_are alloc "$here:10 line_10;$here:11 line_11;"
else
    skip 'a program of our own' "$CC cannot link -fsanitize=address here"
fi
done_testing
