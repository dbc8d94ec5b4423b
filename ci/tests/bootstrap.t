#!/bin/sh
# ci/bootstrap.sh with every command that it asks replaced: what it installs, when, and when not.
set -u
. "$SRCDIR/ci/tests/tap.sh"

fakes=$scratch/fakes
mkdir -p "$fakes"
for tool in sh sed sort grep tr tail mktemp rm dirname env cat; do
    ln -s "$(command -v $tool)" "$fakes/$tool"
done

fake() { # NAME, script on standard input
    { echo '#!/bin/sh'; cat; } >"$fakes/$1"
    chmod +x "$fakes/$1"
}

# have: installed packages; known: what apt knows; both one a line
fake dpkg-query <<EOF
if [ "\$1" = -W ] && [ \$# -eq 4 ]; then
    grep -qxF "\$4" "$scratch/have" && printf 'ii '
    exit 0
fi
sed 's/^/ii  /' "$scratch/have"
EOF
fake apt-cache <<EOF
case \$1 in
pkgnames) cat "$scratch/known" ;;
show) grep -qxF "\$2" "$scratch/known" ;;
esac
EOF
fake apt-get <<EOF
echo "apt-get \$*" >>"$scratch/calls"
case "\$*" in *update*) ;; *) exit 0 ;; esac
[ ! -e "$scratch/after-update" ] || cp "$scratch/after-update" "$scratch/known"
EOF
ln -s "$(command -v cp)" "$fakes/cp"
fake id <<EOF
cat "$scratch/uid"
EOF

all() { # VERSION: all that the lists name
    sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' "$SRCDIR"/ci/packages/*.txt |
        sed "s/-N\$/-$1/; s/-N-dev\$/-$1-dev/"
}
bootstrap() {
    : >"$scratch/calls"
    PATH=$fakes sh "$SRCDIR/ci/bootstrap.sh"
}
silent() {
    [ ! -s "$scratch/out" ]
}
never_called() {
    [ ! -s "$scratch/calls" ]
}
called() {
    has "$scratch/calls" "$1"
}

echo 0 >"$scratch/uid"
all 19 >"$scratch/have"
all 19 >"$scratch/known"
check 'nothing missing: passes' exits 0 bootstrap
check 'nothing missing: silent' silent
check 'nothing missing: apt is not asked' never_called

all 19 | grep -v -x -e valgrind -e llvm-19 >"$scratch/have"
check 'two missing: passes' exits 0 bootstrap
check 'two missing: the lists are updated' called update
check 'two missing: just these are installed' called 'install llvm-19 valgrind'
check 'two missing: without recommended ones' called --no-install-recommends

: >"$scratch/have"
{ all 19; echo clang-22; } >"$scratch/known"
check 'bare machine: passes' exits 0 bootstrap
check 'bare machine: the preferred clang' called ' libclang-rt-19-dev '
: >"$scratch/known"
all 19 >"$scratch/after-update"
check 'bare machine without lists: passes' exits 0 bootstrap
check 'bare machine without lists: the preferred clang' called ' libclang-rt-19-dev '
rm "$scratch/after-update"

{ all 15; echo clang-14; echo clang-format-16; } >"$scratch/known"
check 'older distribution: passes' exits 0 bootstrap
check 'older distribution: the newest clang' called ' libclang-rt-15-dev '
all 15 >"$scratch/have"
check 'older distribution, nothing missing: passes' exits 0 bootstrap
check 'older distribution, nothing missing: apt is not asked' never_called

: >"$scratch/have"
all 19 | grep -v -x mandoc >"$scratch/known"
check 'unknown package: passes' exits 0 bootstrap
check 'unknown package: named' says "no package 'mandoc'"
check 'unknown package: the others are installed' called valgrind

echo 1000 >"$scratch/uid"
check 'nobody to be root: fails' exits 1 bootstrap
check 'nobody to be root: prints the list' says 'apt-get install --no-install-recommends'
check 'nobody to be root: with names' says ' libclang-rt-19-dev '
check 'nobody to be root: apt is not asked' never_called
fake sudo <<EOF
[ "\$1" != -n ] || shift
echo "sudo \$*" >>"$scratch/calls"
exec "\$@"
EOF
fake true </dev/null
check 'sudo: passes' exits 0 bootstrap
check 'sudo: installs through it' called 'sudo env DEBIAN_FRONTEND=noninteractive apt-get'

rm "$fakes/apt-get"
check 'no apt: passes' exits 0 bootstrap
check 'no apt: prints the list' says ' libclang-rt-N-dev '

done_testing
