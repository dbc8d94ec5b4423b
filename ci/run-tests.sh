#!/bin/sh
# run-tests.sh FOLDER TEST...: runs tests under prove, and keeps what each printed in FOLDER, which
# ci/count-tests.sh counts. WRAPPER is a command put before tests that are programs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
TAP_DIR=$1
export TAP_DIR CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C
shift
mkdir -p "$TAP_DIR"
[ $# -gt 0 ] || exit 0
cd "$SRCDIR"
exec prove -j"${TEST_JOBS:-2}" --exec "sh $here/one-test.sh" "$@"
