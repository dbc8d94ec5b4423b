# `make help' lists what can be made.

# not from the environment: tests have it there, and clean removes it
BUILD = build
srcdir = .
-include config.mk
# always the same path, however it was given: the dependencies that gcc writes name it
override BUILD := $(abspath $(BUILD))

IN ?=
OUT ?= out
# What `sanmatrix run' is told. As they were given: no expansion by make, no word of a shell.
OPTIONS = CELLS SUITE UNITS OUT PARTITION JOBS RUNTIME RUNTIME_SRC BASELINE RETRIES
$(foreach v,$(OPTIONS) IN,$(eval override $(v) := $$(value $(v))))
export $(OPTIONS) IN

unconfigured = help clean distclean
ifndef VERSION
ifneq ($(filter-out $(unconfigured),$(or $(MAKECMDGOALS),all)),)
$(error not configured: run ./configure first (./configure --bootstrap also installs what it needs))
endif
endif

verdicts = matrix cell-% merge
letters = $(filter-out -%,$(firstword $(MAKEFLAGS)))
space = $() $()
ifneq ($(filter $(verdicts),$(MAKECMDGOALS)),)
ifeq ($(filter-out $(verdicts),$(MAKECMDGOALS))$(findstring n,$(letters)),)
question = yes
MAKEFLAGS := q$(if $(letters),,$(space))$(MAKEFLAGS)
endif
endif

# --- what is built -------------------------------------------------------------------------------

FLAGS = -std=c11 -D_GNU_SOURCE -Wall -Wextra -I. -I$(srcdir) $(LIB_CFLAGS) $(CPPFLAGS) $(CFLAGS)
folders = common reports matrix
# compiled into each cell's runtime, not into our program
foreign = matrix/options.c
in_src = $(patsubst $(srcdir)/%,%,$(wildcard $(addprefix $(srcdir)/,$(1))))
sources := $(filter-out $(foreign),$(call in_src,$(folders:=/*.c)))
# style and script of the HTML report, as C
page := $(BUILD)/reports/html_page
# the frames that keys leave out, as C, for where the files are not installed
ignored := $(BUILD)/reports/ignore_data
objects := $(sources:%.c=$(BUILD)/%.o) $(page).o $(ignored).o
library := $(BUILD)/library.a
headers := $(call in_src,$(folders:=/*.h))
unit_tests := $(patsubst %.c,$(BUILD)/%,$(call in_src,$(folders:=/tests/test_*.c)))
script_tests := $(call in_src,ci/tests/*.t shim/tests/*.t $(folders:=/tests/*.t))
fuzzers := $(call in_src,$(folders:=/fuzz/*.c))
shim_objects := $(patsubst %.c,$(BUILD)/%.o,$(filter-out shim/cpython%,$(call in_src,shim/*.c)))
shim_libraries := $(BUILD)/shim/libpoolshim.a $(BUILD)/shim/libpoolshim.so \
	$(BUILD)/shim/libpoolshim-cpython.so $(BUILD)/shim/libpoolshim-cpython.a
python_objects := $(patsubst %.c,$(BUILD)/%.o,$(call in_src,shim/cpython*.c))

all: $(BUILD)/sanmatrix $(shim_libraries)
	@:

$(library): $(filter-out $(BUILD)/matrix/main.o,$(objects))
	@rm -f $@; ar rcs $@ $^

$(BUILD)/sanmatrix: $(BUILD)/matrix/main.o $(library)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS) $(LIBS)

$(BUILD)/%.o: $(srcdir)/%.c config.h config.mk
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(page).c: $(addprefix $(srcdir)/reports/html/,embed.sh style.css script.js)
	@mkdir -p $(@D)
	sh $^ >$@.new && mv $@.new $@

$(ignored).c: $(addprefix $(srcdir)/reports/ignore/,embed.sh common.txt cpython.txt)
	@mkdir -p $(@D)
	sh $^ >$@.new && mv $@.new $@

$(page).o $(ignored).o: %.o: %.c config.h config.mk
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(unit_tests): $(BUILD)/%: $(BUILD)/%.o $(library)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CMOCKA_LIBS) $(LIB_LIBS) $(LIBS)

-include $(objects:.o=.d) $(unit_tests:=.d)
config.h config.mk: ;

tests: $(unit_tests)

# --- the shim: no other part uses it, and it uses none -----------------------------------------------

# it reads fenced memory
shim_flags = -std=c11 -D_GNU_SOURCE -Wall -Wextra -fPIC -fvisibility=hidden \
	$(CPPFLAGS) $(CFLAGS) -fno-sanitize=all

$(shim_objects): $(BUILD)/shim/%.o: $(srcdir)/shim/%.c config.mk
	@mkdir -p $(@D)
	$(CC) $(shim_flags) -MMD -MP -c -o $@ $<

$(BUILD)/shim/libpoolshim.a: $(shim_objects)
	@rm -f $@; ar rcs $@ $^

$(BUILD)/shim/libpoolshim.so: $(shim_objects)
	$(CC) $(CFLAGS) -fno-sanitize=all $(LDFLAGS) -shared -Wl,-soname,libpoolshim.so.1 -o $@ $^

$(python_objects): $(BUILD)/shim/%.o: $(srcdir)/shim/%.c config.mk
	@mkdir -p $(@D)
	$(CC) $(shim_flags) -fno-omit-frame-pointer -MMD -MP -c -o $@ $<

$(BUILD)/shim/libpoolshim-cpython.so: $(shim_objects) $(python_objects)
	$(CC) $(CFLAGS) -fno-sanitize=all $(LDFLAGS) -shared -o $@ $^

# to be linked into an interpreter
$(BUILD)/shim/cpython-linked.o: $(srcdir)/shim/cpython.c config.mk
	$(CC) $(shim_flags) -fno-omit-frame-pointer -DPOOLSHIM_LINKED_IN -MMD -MP -c -o $@ $<

$(BUILD)/shim/libpoolshim-cpython.a: $(shim_objects) $(filter-out %/cpython.o,$(python_objects)) \
		$(BUILD)/shim/cpython-linked.o
	@rm -f $@; ar rcs $@ $^

-include $(shim_objects:.o=.d) $(python_objects:.o=.d) $(BUILD)/shim/cpython-linked.d

shim: $(shim_libraries)

# --- tests ---------------------------------------------------------------------------------------

TEST_TIMEOUT = 600
run_tests = BUILD="$(abspath $(BUILD))" SRCDIR="$(abspath $(srcdir))" \
	SANMATRIX="$(abspath $(BUILD))/sanmatrix" TEST_TIMEOUT=$(TEST_TIMEOUT) \
	SANITIZING_CC="$(SANITIZING_CC)" CC="$(CC)" SYMBOLIZER="$(SYMBOLIZER)" \
	sh $(srcdir)/ci/run-tests.sh
count_tests = sh $(srcdir)/ci/count-tests.sh
tap = $(abspath $(BUILD))/tap
asan_tests = $(unit_tests:$(BUILD)/%=$(BUILD)/asan/%)
# The engine's tests are about time and processes, which Valgrind changes; so is test_run: vfork() is
# fork() there, so that posix_spawn() cannot tell of a program that is not there.
valgrind_tests = $(filter-out %/test_run,$(filter $(BUILD)/common/% $(BUILD)/reports/%,$(unit_tests)))
asan_flags = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined

# The suites run one after the other, a failed one does not stop the next, and the last line sums.
check: all tests
	@rm -rf $(tap); status=0; \
	$(run_tests) $(tap)/plain $(unit_tests) $(addprefix $(srcdir)/,$(script_tests)) || status=1; \
	$(MAKE) --no-print-directory run-asan || status=1; \
	$(MAKE) --no-print-directory run-valgrind || status=1; \
	$(MAKE) --no-print-directory run-fuzz || status=1; \
	$(count_tests) $(tap) || status=1; exit $$status

check-quick: all tests
	@rm -rf $(tap); status=0; \
	$(run_tests) $(tap)/plain $(unit_tests) $(addprefix $(srcdir)/,$(script_tests)) || status=1; \
	$(count_tests) $(tap) || status=1; exit $$status

check-asan check-valgrind check-fuzz check-cpython check-corpus check-bugs: check-%:
	@rm -rf $(tap)/$*; status=0; $(MAKE) --no-print-directory run-$* || status=1; \
	$(count_tests) $(tap)/$* || status=1; exit $$status

# our own code under the checkers that it drives
ifneq ($(SANITIZING_CC),)
run-asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CC=$(SANITIZING_CC) CFLAGS="$(asan_flags)" tests
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 ASAN_SYMBOLIZER_PATH="$(SYMBOLIZER)" \
	UBSAN_OPTIONS=print_stacktrace=1 $(run_tests) $(tap)/asan $(asan_tests)
else
run-asan:
	@$(count_tests) --skip $(tap)/asan "no compiler here has AddressSanitizer"
endif

ifneq ($(VALGRIND),)
run-valgrind: tests
	@WRAPPER="$(VALGRIND) -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
	--child-silent-after-fork=yes" $(run_tests) $(tap)/valgrind $(valgrind_tests)
else
run-valgrind:
	@$(count_tests) --skip $(tap)/valgrind "no Valgrind here that works"
endif

run_or_skip = $(if $(2),$(run_tests) $(tap)/$(1) $(addprefix $(srcdir)/,$(2)), \
	$(count_tests) --skip $(tap)/$(1) "no tests")

# on the real runtime: minutes, and sources that may have to be fetched
# one after the other: a build is one run's, and uses all cores itself
run-cpython: TEST_TIMEOUT = 3000
run-cpython: export TEST_JOBS = 1
run-cpython: all
	@$(call run_or_skip,cpython,$(call in_src,$(folders:=/tests/cpython/*.t)))

# every real bug in every cell that should see it, on both versions: an hour when nothing is built yet
run-bugs: TEST_TIMEOUT = 7200
run-bugs: all
	@$(run_tests) $(tap)/bugs $(addprefix $(srcdir)/,$(call in_src,$(folders:=/tests/bugs/*.t)))

run-corpus: TEST_TIMEOUT = 3000
run-corpus: all
	@$(call run_or_skip,corpus,$(call in_src,$(folders:=/tests/corpus/*.t)))

# --- fuzzing -------------------------------------------------------------------------------------

fuzz_flags = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
fuzz_programs = $(fuzzers:%.c=$(BUILD)/%)

$(fuzz_programs): $(BUILD)/%: $(BUILD)/%.o $(filter $(BUILD)/common/% $(BUILD)/reports/%,$(objects))
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIB_LIBS) $(LIBS)

-include $(fuzz_programs:=.d)

fuzzers: $(fuzz_programs)

# In `make check' for 20 seconds each. `make fuzz TIME=600 JOBS=2' keeps what it finds in CORPUS.
ifneq ($(FUZZING_CC),)
CORPUS = $(BUILD)/fuzz/corpus
for_fuzzers = BUILD=$(BUILD)/fuzz CC=$(FUZZING_CC) CFLAGS="$(fuzz_flags)" fuzzers
fuzz_tests = FUZZERS="$(BUILD)/fuzz/reports/fuzz" ASAN_SYMBOLIZER_PATH="$(SYMBOLIZER)" $(run_tests) \
	$(tap)/fuzz $(srcdir)/reports/fuzz/fuzz.t

run-fuzz:
	@$(MAKE) --no-print-directory $(for_fuzzers)
	@$(fuzz_tests)

fuzz: override TEST_TIMEOUT = 0
fuzz:
	@$(MAKE) --no-print-directory $(for_fuzzers)
	@rm -rf $(tap)/fuzz; $(if $(TIME),CORPUS="$(CORPUS)" TIME="$(TIME)" $(fuzz_tests))
else
run-fuzz fuzz:
	@$(count_tests) --skip $(tap)/fuzz "no clang here that has libFuzzer"
endif

# --- the matrix ----------------------------------------------------------------------------------

# sanmatrix is a job server itself; our make's tokens are not for it. -jN is for the whole of it.
drive = unset MAKEFLAGS MFLAGS MAKELEVEL; $(abspath $(BUILD))/sanmatrix
jobs = $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS)))
run = JOBS="$${JOBS:-$(jobs)}"; $(drive) run $(1) $${SUITE:+--suite "$$SUITE"} \
	$${UNITS:+--unit "$$UNITS"} --out "$$OUT" $${PARTITION:+--partition "$$PARTITION"} \
	$${JOBS:+-j "$$JOBS"} $${RUNTIME:+--runtime "$$RUNTIME"} \
	$${RUNTIME_SRC:+--runtime-src "$$RUNTIME_SRC"} $${BASELINE:+--baseline "$$BASELINE"} \
	$${RETRIES:+--retries "$$RETRIES"}

# A make whose recipe failed exits with 2, whatever the recipe's status was; findings should be told
# from failures. So these goals alone run in question mode: lines with a + are run all the same, and
# a line without one, which the goal gets when the status was 1, makes make exit with 1.
ifneq ($(question),)
status := $(BUILD)/status.$(shell echo $$PPID)
verdict = $(if $(filter 1,$(shell cat $(status); rm -f $(status))),@false)
keep_status = s=$$?; [ $$s -gt 1 ] || echo $$s >$(status); [ $$s -le 1 ] || exit $$s
build_first = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(MAKE) --no-print-directory -j2 BUILD=$(BUILD) all
else
keep_status = exit $$?
build_first = $(MAKE) --no-print-directory all
endif

matrix: do-matrix
	$(verdict)

cell-%: do-cell-%
	$(verdict)

merge: do-merge
	$(verdict)

do-matrix:
	+@$(build_first)
	+@$(call run,$${CELLS:+--cell "$$CELLS"}); $(keep_status)

do-cell-%:
	+@$(build_first)
	+@$(call run,--cell '$(subst ','\'',$*)'); $(keep_status)

do-merge:
	+@$(build_first)
	+@set -f; mkdir -p -- "$$OUT" && $(drive) report --out "$$OUT" \
	$${BASELINE:+--baseline "$$BASELINE"} $$IN; $(keep_status)

bench: bench-overhead bench-reports bench-merge bench-matrix bench-shim

bench-%: all
	@BUILD="$(abspath $(BUILD))" SRCDIR="$(abspath $(srcdir))" \
	CC="$(CC)" SANITIZING_CC="$(SANITIZING_CC)" \
	SANMATRIX="$(abspath $(BUILD))/sanmatrix" sh $(wildcard $(srcdir)/*/bench/$*.sh)

# --- lint ----------------------------------------------------------------------------------------

lint:
	@BUILD="$(abspath $(BUILD))" SRCDIR="$(abspath $(srcdir))" CC="$(CC)" FLAGS="$(FLAGS)" \
	SANITIZING_CC="$(SANITIZING_CC)" sh $(srcdir)/ci/lint.sh

# --- install -------------------------------------------------------------------------------------

INSTALL = install
includedir ?= $(prefix)/include
manuals = $(call in_src,$(folders:=/*.1) man/*.1)
data = $(datadir)/sanmatrix

install: all
	$(INSTALL) -d "$(DESTDIR)$(includedir)" "$(DESTDIR)$(libdir)/pkgconfig"
	$(INSTALL) -m 644 $(srcdir)/shim/poolshim.h "$(DESTDIR)$(includedir)/poolshim.h"
	$(INSTALL) -m 644 $(BUILD)/shim/libpoolshim.a "$(DESTDIR)$(libdir)/libpoolshim.a"
	$(INSTALL) -m 755 $(BUILD)/shim/libpoolshim.so "$(DESTDIR)$(libdir)/libpoolshim.so.1"
	ln -sf libpoolshim.so.1 "$(DESTDIR)$(libdir)/libpoolshim.so"
	sed -e 's|@prefix@|$(prefix)|; s|@includedir@|$(includedir)|' \
		-e 's|@libdir@|$(libdir)|; s|@VERSION@|$(VERSION)|' \
		$(srcdir)/shim/poolshim.pc.in >"$(DESTDIR)$(libdir)/pkgconfig/poolshim.pc"
	$(INSTALL) -d "$(DESTDIR)$(bindir)" "$(DESTDIR)$(libdir)/sanmatrix" "$(DESTDIR)$(data)" \
		"$(DESTDIR)$(mandir)/man1" "$(DESTDIR)$(mandir)/man3"
	$(INSTALL) -m 644 $(srcdir)/shim/poolshim.3 "$(DESTDIR)$(mandir)/man3/poolshim.3"
	$(INSTALL) -m 755 $(BUILD)/sanmatrix "$(DESTDIR)$(bindir)/sanmatrix"
	$(INSTALL) -m 644 toolchain.conf "$(DESTDIR)$(libdir)/sanmatrix/toolchain.conf"
	$(INSTALL) -d "$(DESTDIR)$(libdir)/sanmatrix/shim"
	$(INSTALL) -m 644 $(BUILD)/shim/libpoolshim-cpython.a "$(DESTDIR)$(libdir)/sanmatrix/shim/"
	$(INSTALL) -m 755 $(BUILD)/shim/libpoolshim-cpython.so "$(DESTDIR)$(libdir)/sanmatrix/shim/"
	for d in cells runtimes controls; do \
		cp -R $(srcdir)/matrix/$$d "$(DESTDIR)$(data)/" || exit 1; done
	cp -R $(srcdir)/suppressions "$(DESTDIR)$(data)/"
	$(INSTALL) -d "$(DESTDIR)$(data)/ignore"
	$(INSTALL) -m 644 $(srcdir)/reports/ignore/*.txt "$(DESTDIR)$(data)/ignore/"
	$(INSTALL) -m 644 $(srcdir)/reports/findings.schema.json "$(DESTDIR)$(data)/findings.schema.json"
	find "$(DESTDIR)$(data)" -name __pycache__ -exec rm -rf {} +
	for f in $(foreign); do cp $(srcdir)/$$f "$(DESTDIR)$(data)/" || exit 1; done
	for f in $(manuals); do \
		$(INSTALL) -m 644 $(srcdir)/$$f "$(DESTDIR)$(mandir)/man1/" || exit 1; done

uninstall:
	rm -f "$(DESTDIR)$(includedir)/poolshim.h" "$(DESTDIR)$(libdir)/pkgconfig/poolshim.pc" \
		"$(DESTDIR)$(libdir)/libpoolshim.a" "$(DESTDIR)$(libdir)/libpoolshim.so" \
		"$(DESTDIR)$(libdir)/libpoolshim.so.1" "$(DESTDIR)$(bindir)/sanmatrix" \
		"$(DESTDIR)$(mandir)/man1/sanmatrix.1" "$(DESTDIR)$(mandir)/man3/poolshim.3"
	rm -rf "$(DESTDIR)$(data)" "$(DESTDIR)$(libdir)/sanmatrix"

clean:
	rm -rf $(BUILD)

distclean: clean
	rm -f config.mk config.h config.log toolchain.conf

help:
	@cat $(srcdir)/ci/help.txt

.PHONY: all shim tests check check-quick check-asan check-valgrind check-fuzz check-cpython \
	check-corpus check-bugs fuzz fuzzers run-fuzz run-asan run-valgrind run-cpython run-corpus run-bugs \
	matrix do-matrix merge do-merge bench lint install uninstall clean distclean help
