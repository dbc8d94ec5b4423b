#!/bin/sh
# make install into a folder, from where the program finds its files, wherever that folder is moved.
set -u
. "$SRCDIR/ci/tests/tap.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL

make_there() {
    make -C "$BUILD/.." BUILD="$BUILD" "$@"
}
files() {
    (cd "$1" && find . ! -type d | sort)
}

stage=$scratch/stage
check 'install' exits 0 make_there install DESTDIR="$stage" prefix=/usr
check 'the program' [ -x "$stage/usr/bin/sanmatrix" ]
check 'what works on this machine' [ -s "$stage/usr/lib/sanmatrix/toolchain.conf" ]
for folder in cells runtimes controls; do
    files "$SRCDIR/matrix/$folder" | grep -v -e __pycache__ >"$scratch/expected"
    files "$stage/usr/share/sanmatrix/$folder" >"$scratch/installed"
    check "all of $folder" diff "$scratch/expected" "$scratch/installed"
done
check 'the suppressions' [ -s "$stage/usr/share/sanmatrix/suppressions/valgrind-cpython.supp" ]
check 'the options that go into each runtime' [ -s "$stage/usr/share/sanmatrix/options.c" ]
check 'the manual pages' [ -s "$stage/usr/share/man/man1/sanmatrix.1" -a \
    -s "$stage/usr/share/man/man3/poolshim.3" ]
nothing_outside() {
    find "$stage" ! -type d ! -path "$stage/usr/*"
    [ -z "$(find "$stage" ! -type d ! -path "$stage/usr/*")" ]
}
check 'nothing outside the prefix' nothing_outside
check 'nothing of the build in it' sh -c "! find '$stage' -name '*.o' -o -name '*.pyc' | grep ."

uses_library() {
    printf "#include <poolshim.h>\nint main(void) { return poolshim_checker() != NULL; }\n" >"$scratch/user.c"
    flags=$(PKG_CONFIG_PATH="$stage/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$stage" \
        pkg-config --cflags --libs poolshim) || return 1
    # shellcheck disable=SC2086 # words
    "$CC" -o "$scratch/user" "$scratch/user.c" -I"$stage/usr/include" -L"$stage/usr/lib" $flags &&
        LD_LIBRARY_PATH="$stage/usr/lib" "$scratch/user"
}
if command -v pkg-config >/dev/null; then
    check "the shim's library, by pkg-config" uses_library
else
    skip "the shim's library, by pkg-config" "no pkg-config here"
fi

mv "$stage/usr" "$scratch/moved"
cells() {
    env -i PATH="$PATH" HOME="$scratch" "$scratch/moved/bin/sanmatrix" cells
}
check 'moved elsewhere it still finds its cells' exits 0 cells
check 'moved elsewhere: debug' says debug
mv "$scratch/moved" "$stage/usr"

check 'uninstall' exits 0 make_there uninstall DESTDIR="$stage" prefix=/usr
check 'uninstall leaves nothing' [ -z "$(files "$stage")" ]

check 'another libdir' exits 0 make_there install DESTDIR="$scratch/other" prefix=/opt/x libdir=/opt/x/lib64
check 'another libdir: toolchain.conf is there' [ -s "$scratch/other/opt/x/lib64/sanmatrix/toolchain.conf" ]

done_testing
