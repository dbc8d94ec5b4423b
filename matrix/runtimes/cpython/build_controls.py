"""Builds the planted faults for the interpreter that runs this, with its compiler and flags.

    python build_controls.py SOURCE FOLDER

leaves the extension module and the scripts of SOURCE in FOLDER. Then what every test imports is
imported once, so that it is compiled before the first test needs it, under Memcheck perhaps.
"""
import glob
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig

TESTS_IMPORT = (
    "contextlib", "faulthandler", "fnmatch", "functools", "subprocess", "tempfile", "threading",
    "unittest", "unittest.mock", "test.support", "test.support.import_helper",
    "test.support.os_helper", "test.support.script_helper", "test.support.threading_helper",
    "test.support.warnings_helper",
)


def main(source, folder):
    value = sysconfig.get_config_var
    target = os.path.join(folder, "planted" + value("EXT_SUFFIX"))
    includes = [sysconfig.get_path("include"), os.path.dirname(sysconfig.get_config_h_filename())]
    # PY_CFLAGS has all that configure was given; CFLAGS alone would follow the environment
    compile_flags = shlex.split(value("PY_CFLAGS") + " " + value("CCSHARED"))
    compiler = shlex.split(value("CC"))
    link_flags = shlex.split(value("LDSHARED"))[len(compiler):]
    os.makedirs(folder, exist_ok=True)
    build = target + ".new"
    command = [*compiler, *compile_flags, *("-I" + i for i in includes),
               os.path.join(source, "planted.c"), *link_flags, "-o", build]
    print(shlex.join(command), flush=True)
    subprocess.run(command, check=True)
    os.replace(build, target)
    for script in glob.glob(os.path.join(source, "*.py")):
        shutil.copy(script, folder)
    subprocess.run([sys.executable, "-c", "import " + ", ".join(TESTS_IMPORT)], check=True)


if __name__ == "__main__":
    main(*map(os.path.abspath, sys.argv[1:]))
