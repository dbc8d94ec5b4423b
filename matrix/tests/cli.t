#!/bin/sh
# The program's door and the commands that only look: exit statuses, what is said, cells and runtimes
# of one's own. A toolchain and a runtime of our own make the answers the same on every machine.
set -u
. "$SRCDIR/ci/tests/tap.sh"
: "${scratch:?}"

XDG_CACHE_HOME=$scratch/cache
SANMATRIX_CELLS=$scratch/cells:$scratch/no-such-folder
SANMATRIX_RUNTIMES=$scratch/runtimes
SANMATRIX_TOOLCHAIN=$scratch/toolchain.conf
export XDG_CACHE_HOME SANMATRIX_CELLS SANMATRIX_RUNTIMES SANMATRIX_TOOLCHAIN
mkdir -p "$scratch/cells" "$scratch/runtimes" "$scratch/src"

cat >"$scratch/toolchain.conf" <<'END'
compiler clang-99 { path = "/x/clang-99" family = "clang" version = "99.1"
    sanitizers = {"address", "undefined", "thread"} valgrind = false }
compiler gcc { path = "/x/gcc" family = "gcc" version = "12" valgrind = true }
valgrind { path = "/x/valgrind" version = "3.19.0" }
make { path = "/x/make" version = "4.4" fifo = true }
runtime = "mini"
END
cat >"$scratch/runtimes/mini.conf" <<'END'
version-file = "VERSION"
version-pattern = '([0-9.]+)'
newest-from = "1.0"
configured-files = {"built"}
configure-command = {"c"}
make-command = {"make"}
program = "{build}/mini"
program-name = "mini"
unit-command = {"{mini}", "{unit}"}
unit-files "t_*" { name = "t_{*}" }
suite smoke { units = {"t_1"} }
suite full { }
cell mine { skip t_2 { reason = "too slow" issue = "gh-7" } }
cell asan { }
cell debug { }
cell tsan { }
cell valgrind { }
END
cat >"$scratch/cells/mine.conf" <<'END'
summary = "a cell of my own"
END
cat >"$scratch/cells/cannot.conf" <<'END'
summary = "needs what is not there"
sanitizers = {"memory"}
runtime mini { }
END
echo 1.5 >"$scratch/src/VERSION"
touch "$scratch/src/t_1" "$scratch/src/t_2" "$scratch/src/t_3"

sm() { "$SANMATRIX" "$@"; }
units() { sm units --runtime-src "$scratch/src" "$@"; }
to_full() { "$SANMATRIX" "$@" >/dev/full; }

check 'no command is a mistake' exits 2 sm
check '... and shows the usage' says 'usage: sanmatrix'
check 'an unknown command' exits 2 sm frobnicate
check '... is named' says "no such command: 'frobnicate'"
check 'an unknown option' exits 2 sm --frobnicate
check '--help' exits 0 sm --help
check '... lists the commands' says 'doctor'
check '--version' exits 0 sm --version
check '... is one line' says 'sanmatrix '
for command in doctor cells units run exec report; do
    check "$command --help" exits 0 sm "$command" --help
    check '... shows its usage' says "usage: sanmatrix $command"
    check "help $command is the same" exits 0 sm help "$command"
    check "$command: an unknown option" exits 2 sm "$command" --frobnicate
done
check 'cells: a surplus argument' exits 2 sm cells surplus
if [ -w /dev/full ]; then
    check 'output that cannot be written is an error' exits 3 to_full cells
else
    skip 'output that cannot be written is an error' 'no /dev/full'
fi

check 'cells' exits 0 sm cells
check '... one that ships' says 'asan'
check '... one of my own' says 'a cell of my own'
check '... one that cannot run says why' says 'no compiler with a working -fsanitize=memory'
check 'cells --json' exits 0 sm cells --json
check '... has a schema' says '"schema": "sanmatrix-cells/1"'
check '... and the compiler' says '"compiler": "/x/clang-99"'

check 'doctor: all default cells can run' exits 0 sm doctor
check '... the job server of this make' says 'fifo'
check '... a setting of the kernel' says 'vm.mmap_rnd_bits'
check 'doctor --json' exits 0 sm doctor --json
check '... has a schema' says '"schema": "sanmatrix-doctor/1"'
sed 's/"thread"//; s/"undefined", /"undefined"/' "$scratch/toolchain.conf" >"$scratch/less.conf"
cat >>"$scratch/less.conf" <<'END'
missing thread { reason = "does not link" package = "libclang-rt-99-dev" }
END
SANMATRIX_TOOLCHAIN=$scratch/less.conf
check 'doctor: a default cell that cannot run' exits 3 sm doctor
check '... what to install' says 'install libclang-rt-99-dev'
SANMATRIX_TOOLCHAIN=$scratch/none.conf
check 'not configured' exits 2 sm cells
check '... says what to do' says './configure'
SANMATRIX_TOOLCHAIN=$scratch/toolchain.conf

check 'units of a suite' exits 0 units --cell asan --suite smoke
check '... are listed' says 't_1'
check 'units of the source' exits 0 units --cell mine
check '... what is left out is told' says 'left out: t_2: too slow, gh-7'
check '... the others are listed' says 't_3'
check 'units --json' exits 0 units --cell mine --json
check '... has a schema' says '"schema": "sanmatrix-units/1"'
check 'units without a cell' exits 2 units
check 'units of an unknown cell' exits 2 units --cell nope
check 'an unknown suite' exits 2 units --cell asan --suite nope
check '... there are others' says 'smoke full'
check 'an unknown runtime' exits 2 sm units --cell asan --runtime nope
touch "$scratch/src/built"
check 'a source that was built in place' exits 2 units --cell asan
check '... says how to mend it' says 'make distclean'
rm "$scratch/src/built"

printf 'summary = "s"\n\ncflgs = {}\n' >"$scratch/cells/wrong.conf"
check 'a mistake in a cell file' exits 2 sm cells
check '... names file, line and member' says "wrong.conf:3: no such option 'cflgs'"
rm "$scratch/cells/wrong.conf"
cat >"$scratch/cells/takes.conf" <<'END'
summary = "takes a program that was built elsewhere"
foreign = true
foreign-env = {"MARK=v{version}"}
runtime mini {
    control c { tool = "asan" kind = "k" category = "leak" }
}
END
sed 's/takes/marked/; s/^foreign = .*/foreign = true foreign-marks = {"built-so"}/' \
    "$scratch/cells/takes.conf" >"$scratch/cells/marked.conf"
mkdir "$scratch/bin"
cat >"$scratch/bin/real" <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo "2.7.1 $0"; exit; }
echo "I am $0, MARK=${MARK-none}"
END
cat >"$scratch/bin/mini" <<END
#!/bin/sh
exec "$scratch/bin/real" "\$@"
END
chmod +x "$scratch/bin/real" "$scratch/bin/mini"
given() { sm exec --out "$scratch/given" --progress plain --python "$@"; }
check 'a program that was built elsewhere, and a runtime that cannot tell of one' \
    exits 2 given "$scratch/bin/mini" --cell takes -- '{mini}'
check '... says why' says 'has no version-command'
cat >>"$scratch/runtimes/mini.conf" <<'END'
version-command = {"{mini}", "--version"}
control c { command = {"{mini}"} }
END
check 'a program that was built elsewhere' exits 0 given "$scratch/bin/mini" --cell takes -- '{mini}'
check '... is asked where it is, and gets its environment' says "I am $scratch/bin/real, MARK=v2.7.1"
check '... nothing is proved, and it is said' says 'is not proved'
check '... the result says so too' has "$scratch/given/takes/cell.json" 'none: the program was not built'
check '... it is of its own version' has "$scratch/given/run.json" '"version": "2.7.1"'
(
    cd "$scratch/bin" || exit 1
    exits 0 given ./mini --cell takes -- '{mini}'
) >"$scratch/relative"
check '... given by a relative path' has "$scratch/relative" "I am $scratch/bin/real"
check 'a cell that is a way of building takes none' exits 3 given "$scratch/bin/mini" --cell mine -- '{mini}'
check '... says why' says 'another program cannot take its place'
check 'a cell that needs it built in a certain way' \
    exits 3 given "$scratch/bin/mini" --cell marked -- '{mini}'
check '... says what is missing' says 'there is no built-so in it'
echo '# built-so' >>"$scratch/bin/real"
check '... and takes one that was' exits 0 given "$scratch/bin/mini" --cell marked -- '{mini}'
check 'a program that does not say its version' exits 2 given /bin/true --cell takes -- '{mini}'
check 'a program that is not there' exits 2 given no-such-program --cell takes -- '{mini}'
check '... is named' says "no program 'no-such-program'"
rm "$scratch/cells/takes.conf" "$scratch/cells/marked.conf"

echo 'nonsense = 1' >>"$scratch/runtimes/mini.conf"
check 'a mistake in a runtime file' exits 2 sm cells
check '... names file and line' says 'mini.conf:20:'

done_testing
