"""Runs one test module of CPython and writes its test cases as JUnit XML.

    python run_unit.py [--ignore PATTERN]... --junit-xml FILE UNIT

The same as `python -m test -v --junit-xml FILE UNIT` with less around it: regrtest alone, its XML and
its worker processes cost more under Memcheck than many a test module. Modules that bring their own
test_main() are left to regrtest.
"""
import faulthandler
import fnmatch
import gc
import os
import re
import sys
import time
import traceback
import unittest


class Result(unittest.TextTestResult):
    """Remembers for each test case its name, its seconds, and what became of it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cases = []
        self.started = None
        self.outcomes = []

    def startTest(self, test):
        self.outcomes = []
        self.started = time.perf_counter()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.cases.append((test.id(), time.perf_counter() - self.started, self.outcomes))
        self.started = None

    def note(self, test, *outcome):
        if self.started is not None:
            self.outcomes.append(outcome)
        else:  # of a class or a module as a whole
            self.cases.append((test.id(), 0, [outcome]))

    def note_error(self, kind, test, err):
        self.note(test, kind, err[0].__name__, self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.note_error("error", test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note_error("failure", test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = "failure" if issubclass(err[0], test.failureException) else "error"
            self.note(test, kind, err[0].__name__,
                      f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason, "")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failure", "unexpected success", "")


def clean(text):
    """TEXT for XML: what may not stand there is shown as an escape."""
    text = re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
                  lambda m: ascii(m[0])[1:-1], text)
    for char, entity in ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"):
        text = text.replace(char, entity)
    return text


def case_xml(name, seconds, outcomes):
    inner = "".join(f'<{kind} message="{clean(message)}">{clean(text)}</{kind}>\n'
                    for kind, message, text in outcomes)
    return f'<testcase name="{clean(name)}" time="{seconds:.6f}">{inner}</testcase>\n'


def write_xml(path, unit, cases):
    counts = {kind: sum(any(o[0] == kind for o in outcomes) for *_, outcomes in cases)
              for kind in ("failure", "error", "skipped")}
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write('<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n')
        f.write(f'<testsuite name="{clean(unit)}" tests="{len(cases)}"'
                f' failures="{counts["failure"]}" errors="{counts["error"]}"'
                f' skipped="{counts["skipped"]}">\n')
        f.writelines(case_xml(*case) for case in cases)
        f.write("</testsuite>\n</testsuites>\n")
    os.replace(path + ".new", path)


def selected(suite, ignored):
    """The test cases of SUITE, fixtures intact; a pattern fits a whole name or one part of it."""
    def wanted(test):
        name = test.id()
        return not any(fnmatch.fnmatchcase(part, pattern) for pattern in ignored
                       for part in (name, *name.split(".")))

    return unittest.TestSuite(
        selected(t, ignored) if isinstance(t, unittest.TestSuite) else t
        for t in suite if isinstance(t, unittest.TestSuite) or wanted(t))


def with_regrtest(path, unit, ignored):
    patterns = [arg for pattern in ignored for arg in ("--ignore", pattern)]
    os.execv(sys.executable, [sys.executable, "-m", "test", "-v", "--junit-xml", path, *patterns, unit])


def run(path, unit, ignored):
    name = unit if unit.startswith("test.") else "test." + unit
    try:
        __import__(name)
    except unittest.SkipTest as skip:
        print(f"{unit} skipped -- {skip}", flush=True)
        write_xml(path, unit, [(name, 0, [("skipped", str(skip), "")])])
        return 0
    except Exception as error:
        traceback.print_exc()
        write_xml(path, unit, [(name, 0, [("error", repr(error), traceback.format_exc())])])
        return 1
    module = sys.modules[name]
    if hasattr(module, "test_main"):
        with_regrtest(path, unit, ignored)
    suite = selected(unittest.TestLoader().loadTestsFromModule(module), ignored)
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result)
    result = runner.run(suite)
    write_xml(path, unit, result.cases)
    return 0 if result.wasSuccessful() else 2


def main(args):
    ignored = []
    path = None
    while len(args) > 1:
        option, value, *args = args
        if option == "--ignore":
            ignored.append(value)
        elif option == "--junit-xml":
            path = value
        else:
            sys.exit(f"run_unit.py: unknown option '{option}'")
    if not path or not args:
        sys.exit("usage: run_unit.py [--ignore PATTERN]... --junit-xml FILE UNIT")
    faulthandler.enable(all_threads=True)
    from test import support
    support.verbose = 1
    support.use_resources = []  # no network, no large files, no sound: as regrtest without -u
    status = run(path, args[0], ignored)
    support.reap_children()
    gc.collect()
    sys.exit(status)


if __name__ == "__main__":
    # its own folder is no place to import from, and the working folder is for what tests write
    sys.path[0] = os.getcwd()
    main(sys.argv[1:])
