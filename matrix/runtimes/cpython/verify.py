"""What this interpreter is, NAME=VALUE: compared with the facts that its cell claims.

Nothing here trusts what configure was told alone: the allocator and the lock are asked for, and the
program is searched for what a sanitizer or the compiled-in options leave in it.
"""
import mmap
import platform
import sys
import sysconfig

SYMBOLS = {
    "address": b"__asan_init",
    "undefined": b"__ubsan_handle_",
    "thread": b"__tsan_init",
    "memory": b"__msan_init",
}
OPTIONS = b"SANMATRIX_DIR="


def flag(name):
    return int(sysconfig.get_config_var(name) or 0)


def program_has(*texts):
    with open(sys.executable, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
        return [m.find(text) >= 0 for text in texts]


def sanitizers():
    """Those that the flags name and the program holds; the ASan runtime alone brings others too."""
    flags = (sysconfig.get_config_var("PY_CFLAGS") or "").split()
    named = {s for f in flags if f.startswith("-fsanitize=")
             for s in f.partition("=")[2].split(",")}
    held = program_has(*SYMBOLS.values())
    return " ".join(s for s, there in zip(SYMBOLS, held) if there and s in named) or "none"


def allocator():
    for module in "_testinternalcapi", "_testcapi":
        try:
            return __import__(module).pymem_getallocatorsname()
        except (ImportError, AttributeError, RuntimeError):
            pass
    return "unknown"


def shim():
    """Which checker the pools are annotated for, by a shim that was linked in or preloaded.

    "idle": it is there, but none of its checkers is.
    """
    try:
        import ctypes
        checker = ctypes.CDLL(None).poolshim_checker
    except (ImportError, AttributeError):
        return "none"
    checker.restype = ctypes.c_char_p
    return (checker() or b"idle").decode()


def main():
    gil = getattr(sys, "_is_gil_enabled", lambda: True)
    facts = {name: flag(name) for name in (
        "Py_DEBUG", "Py_GIL_DISABLED", "WITH_PYMALLOC", "WITH_FREELISTS", "WITH_VALGRIND")}
    facts |= {
        "version": platform.python_version(),
        "CC": sysconfig.get_config_var("CC"),
        "CONFIG_ARGS": sysconfig.get_config_var("CONFIG_ARGS"),
        "allocator": allocator(),
        "shim": shim(),
        "gil": "on" if gil() else "off",
        "sanitizers": sanitizers(),
        "options": "compiled-in" if program_has(OPTIONS)[0] else "none",
    }
    for name, value in facts.items():
        print(f"{name}={value}".replace("\n", " "))


if __name__ == "__main__":
    main()
