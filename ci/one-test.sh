#!/bin/sh
# one-test.sh TEST: for prove: runs TEST within its time, hands on what it prints, and keeps that with
# its exit status, so that a test that died can be told from one that passed.
name=$(printf '%s' "$1" | sed "s|^$BUILD/||; s|^$SRCDIR/||; s|[^A-Za-z0-9_.-]|-|g")
wrapper=
case $1 in *.t) ;; *) wrapper=${WRAPPER-} ;; esac
started=$(date +%s)
# shellcheck disable=SC2086 # words
timeout -k 10 "${TEST_TIMEOUT:-300}" $wrapper "$1" >"$TAP_DIR/$name.tap" </dev/null
status=$?
[ $status -ne 124 ] || echo "# ended after ${TEST_TIMEOUT:-300} s" >>"$TAP_DIR/$name.tap"
echo "# exit status $status, $(($(date +%s) - started)) s" >>"$TAP_DIR/$name.tap"
# what cmocka prints for a skipped test is a failure to prove
sed 's/^not ok \([0-9]*\) # SKIP \(.*\)/ok \1 - \2 # SKIP/' "$TAP_DIR/$name.tap" >"$TAP_DIR/$name.new"
mv "$TAP_DIR/$name.new" "$TAP_DIR/$name.tap"
cat "$TAP_DIR/$name.tap"
exit $status
