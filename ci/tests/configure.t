#!/bin/sh
# configure, in scratch folders, with compilers and tools that lack something put before the real ones.
set -u
. "$SRCDIR/ci/tests/tap.sh"

# A PATH with all that configure uses but compilers, Valgrind, and symbolizers.
farm=$scratch/farm
mkdir -p "$farm"
for tool in sh dash awk sed grep cut cat cp rm mkdir mktemp dirname basename readlink seq head tail sort \
    tr env uname timeout cmp pkg-config chmod ls setarch as ld ar make getconf id; do
    path=$(command -v "$tool") && case $path in /*) ln -s "$path" "$farm/$tool" ;; esac
done
PKG_CONFIG=$(command -v pkg-config) || PKG_CONFIG=$(command -v pkgconf)
export PKG_CONFIG
unset BUILD CC CFLAGS CPPFLAGS LDFLAGS LIBS VALGRIND MAKE MAKEFLAGS MFLAGS MAKELEVEL

tools() { # NAME...: a folder, left in $bin, with the farm and these
    bin=$(mktemp -d "$scratch/bin.XXXXXX")
    for tool; do
        ln -s "$(command -v "$tool")" "$bin/$tool"
    done
}
fake() { # NAME, script on standard input
    { echo '#!/bin/sh'; cat; } >"$bin/$1"
    chmod +x "$bin/$1"
}
configure() { # ARGUMENT...: in a new folder, left in $here, with $bin and the farm as PATH
    here=$(mktemp -d "$scratch/build.XXXXXX")
    mkdir "$here/tmp"
    (cd "$here" && PATH=$bin:$farm TMPDIR=$here/tmp "$SRCDIR/configure" "$@" </dev/null)
}
conf() {
    has "$here/toolchain.conf" "$1"
}
no_conf() {
    lacks "$here/toolchain.conf" "$1"
}
absent() {
    ls -a "$(dirname "$1")"
    [ ! -e "$1" ]
}
within() { # SECONDS since $started
    seconds=$(($(date +%s) - started))
    echo "$seconds s"
    [ $seconds -le "$1" ]
}

# --- this machine ----------------------------------------------------------------------------

started=$(date +%s)
bin=$farm
real_path=$PATH
# shellcheck disable=SC2016 # a dollar is what is tested
in_place() {
    here=$scratch/whole
    mkdir -p "$here/tmp" "$here/source"
    (cd "$here" && PATH=$real_path TMPDIR=$here/tmp dash "$SRCDIR/configure" --srcdir="$SRCDIR" \
        --enable-unknown --disable-unknown --without-unknown --with-unknown=1 --runstatedir=/run \
        --libdir /lib64 --prefix=/opt/x --sysconfdir=/etc --with-runtime=cpython-3.11 \
        --with-runtime-src=source \
        CFLAGS='-O1 -DDOLLAR=$HOME' ODD_VARIABLE=1 </dev/null)
}
check 'runs under dash, in another folder, and ignores what it does not know' exits 0 in_place
check 'takes less than a minute, this machine being busy' within 60
check 'leaves no scratch' [ -z "$(ls -A "$here/tmp")" ]
check 'a Makefile for a build elsewhere' has "$here/Makefile" "include \$(srcdir)/Makefile"
# shellcheck disable=SC2016
check 'config.mk: directories follow the prefix' has "$here/config.mk" 'bindir = $(exec_prefix)/bin'
check 'config.mk: options in two words' has "$here/config.mk" 'libdir = /lib64'
check 'config.mk: a dollar is a dollar' has "$here/config.mk" "CFLAGS = -O1 -DDOLLAR=\$\$HOME"
check 'config.h: the version' has "$here/config.h" '#define SM_VERSION "'
check 'toolchain.conf: the runtime' conf 'runtime = "cpython-3.11"'
check 'toolchain.conf: an absolute path of its sources' \
    conf "runtime-src = \"$(cd "$here" && pwd)/source\""
check 'config.log: commands' has "$here/config.log" '+ gcc'
check 'config.log: what they printed' has "$here/config.log" 'ERROR: AddressSanitizer'
check 'gcc sees the planted faults' \
    conf 'sanitizers = {"address", "undefined", "leak", "thread"}'
check 'gcc comes last' sh -c "sed -n 's/^compiler //p' '$here/toolchain.conf' | tail -n 1 | grep '^gcc'"
equal_config() {
    touch -d '2001-01-01' "$here/config.h"
    in_place && [ -n "$(find "$here/config.h" -not -newermt 2001-01-02)" ]
}
check 'an equal config.h is not written again' equal_config

# --- mistakes --------------------------------------------------------------------------------

check 'help' exits 0 configure --help
check 'help names the options' says --bootstrap
check 'unknown option: status' exits 2 configure --what
check 'unknown option: named' says "'--what'"
check 'absent sources: status' exits 2 configure --with-runtime-src=nowhere
check 'absent sources: named' says "'nowhere'"
check 'relative prefix' exits 2 configure --prefix=here
check 'an option without its value' exits 2 configure --prefix
check 'wrong srcdir' exits 2 configure --srcdir="$scratch"
tools
check 'no compiler: status' exits 2 configure
check 'no compiler: says what to do' says 'install gcc'
tools gcc
check 'no libraries: status' exits 2 configure PKG_CONFIG=false
check 'no libraries: says what to install' says libconfuse-dev
check 'nothing is written after a failure' absent "$here/config.mk"
check 'no scratch after a failure' [ -z "$(ls -A "$here/tmp")" ]

# --- what is missing is named ----------------------------------------------------------------

tools gcc
check 'gcc alone: passes' exits 0 configure
check 'gcc alone: no clang, which brings the sanitizers' \
    conf 'missing thread { reason = "no clang here" package = "clang-19 libclang-rt-19-dev" }'
check 'gcc alone: said on the terminal, too' says 'package clang-19 libclang-rt-19-dev'
check 'gcc alone: no Valgrind' conf 'missing valgrind { reason = "not installed" package = "valgrind" }'
check 'gcc alone: no symbolizer' conf 'missing symbolizer {'
check 'gcc alone: gcc itself is there' conf 'compiler gcc {'
check 'a job server in one form or the other' conf 'fifo = '

clang=
for v in 19 30 29 28 27 26 25 24 23 22 21 20 18 17 16 15 14; do
    if command -v clang-$v >/dev/null; then clang=clang-$v; break; fi
done
if [ -n "$clang" ]; then
    real=$(command -v "$clang")
    tools
    # one that cannot link TSan, and whose ASan reports nothing
    fake "$clang" <<EOF
case "\$*" in *-fsanitize=thread*) echo 'ld: cannot find libclang_rt.tsan.a' >&2; exit 1 ;; esac
for a; do
    shift
    [ "\$a" = -fsanitize=address ] || set -- "\$@" "\$a"
done
exec $real "\$@"
EOF
    check 'a broken clang: passes' exits 0 configure CC="$clang"
    check 'a broken clang: what cannot be linked is missing' \
        conf "missing thread { reason = \"$clang: it cannot be compiled and linked\""
    check 'a broken clang: the package is named' conf "\"libclang-rt-${clang#clang-}-dev\""
    check 'a broken clang: what links but reports nothing is missing' conf 'missing address {'
    check 'a broken clang: the rest works' conf 'sanitizers = {"undefined", "leak"'
    check 'a broken clang: the log has why' has "$here/config.log" 'cannot find libclang_rt.tsan.a'
else
    skip 'a broken clang' 'no clang here'
fi

# --- Valgrind --------------------------------------------------------------------------------

if command -v valgrind >/dev/null; then
    tools gcc
    fake valgrind <<'EOF'
[ "$1" = --version ] && { echo valgrind-3.19.0; exit; }
echo 'Serious error when reading debug info' >&2
exit 1
EOF
    check 'a broken Valgrind: passes' exits 0 configure
    check 'a broken Valgrind: missing' conf 'missing valgrind { reason = "it does not report'
    check 'a broken Valgrind: not offered' no_conf 'valgrind { path'

    # one that gives up on DWARF 5, as 3.19 does on what clang makes of it
    tools gcc readelf
    fake valgrind <<EOF
[ "\$1" = --version ] && { echo valgrind-3.19.0; exit; }
for a; do
    case \$a in */valgrind.program) program=\$a ;; esac
done
if readelf --debug-dump=info "\$program" 2>/dev/null | grep -q 'Version: *5'; then
    echo '### unhandled dwarf2 abbrev form code 0x25' >&2
fi
exec $(command -v valgrind) "\$@"
EOF
    check 'a Valgrind without DWARF 5: passes' exits 0 configure
    check 'a Valgrind without DWARF 5: the flags that it needs' conf 'valgrind-flags = {"-gdwarf-4"}'
    check 'a Valgrind without DWARF 5: offered' conf 'valgrind { path'
else
    skip 'a broken Valgrind' 'no Valgrind here'
    skip 'a Valgrind without DWARF 5' 'no Valgrind here'
fi

# --- without configure -----------------------------------------------------------------------

mkdir "$scratch/bare"
ln -s "$SRCDIR/ci" "$SRCDIR/Makefile" "$scratch/bare/"
unconfigured() {
    PATH=$real_path make -C "$scratch/bare" "$1"
}
check 'make matrix in an unconfigured tree: status' exits 2 unconfigured matrix
check 'make matrix in an unconfigured tree: says what to do' says 'run ./configure first'
check 'make help in an unconfigured tree' exits 0 unconfigured help
check 'make distclean in an unconfigured tree' exits 0 unconfigured distclean

done_testing
