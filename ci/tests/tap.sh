# Sourced by the tests that are shell scripts: `check NAME COMMAND...`, and `done_testing` at the end.
# shellcheck shell=sh

tests=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sanmatrix-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# check NAME COMMAND...: passes when the command does; what it printed is shown when it does not
check() {
    tests=$((tests + 1))
    name=$1
    shift
    if "$@" >"$scratch/check.out" 2>&1; then
        echo "ok $tests - $name"
    else
        echo "not ok $tests - $name"
        echo "# failed: $*"
        sed 's/^/# /' "$scratch/check.out" | tail -n 40
    fi
}

# skip NAME REASON
skip() {
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

# exits STATUS COMMAND...: passes when it ends with that status; its output is in $scratch/out
exits() {
    expected=$1
    shift
    "$@" >"$scratch/out" 2>&1
    status=$?
    cat "$scratch/out"
    [ $status -eq "$expected" ] || { echo "exit status $status, not $expected"; return 1; }
}

# says TEXT: the last output of exits has it
says() {
    cat "$scratch/out"
    grep -qF -e "$1" "$scratch/out"
}

# has FILE TEXT, lacks FILE TEXT
has() {
    cat "$1"
    grep -qF -e "$2" "$1"
}

lacks() {
    ! has "$@"
}

done_testing() {
    echo "1..$tests"
}
