"""What a sound program does with CPython's allocators: nothing of it may be reported.

    python_workout.py [quick|sound]

"sound" leaves out what CPython itself is known to leak in: threads' locks in forked children,
subinterpreters, tracemalloc.
"""
import ctypes
import gc
import os
import sys
import threading
import tracemalloc

SOUND = "sound" in sys.argv
QUICK = SOUND or "quick" in sys.argv


class Node:
    def __init__(self, children):
        self.children = children
        self.__dict__["x" * len(children)] = str(len(children))


def objects(rounds):
    kept = []
    for i in range(rounds):
        kept.append(Node([bytes(i % 700), [i] * (i % 90), {j: str(j) for j in range(i % 20)}]))
        if i % 3:
            kept[i // 2].children = (b"y" * 600, "z" * (i % 1500), 10 ** (i % 400))
    return len(kept)


def grow():
    """realloc of small, large and huge blocks, in both directions."""
    b = bytearray()
    for n in (1, 7, 16, 100, 496, 497, 511, 512, 513, 5000, 300_000, 20_000_000, 40, 0):
        b[:] = b"q" * n
    text = ""
    for i in range(300):
        text += str(i)
    return len(text)


def domains():
    """Each function of each domain, as extensions call them."""
    api = ctypes.pythonapi
    for domain in "PyMem_Raw", "PyMem_", "PyObject_":
        malloc, calloc, realloc, free = (
            getattr(api, domain + f) for f in ("Malloc", "Calloc", "Realloc", "Free"))
        malloc.restype = calloc.restype = realloc.restype = ctypes.c_void_p
        malloc.argtypes = [ctypes.c_size_t]
        calloc.argtypes = [ctypes.c_size_t] * 2
        realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        free.argtypes, free.restype = [ctypes.c_void_p], None
        for n in (0, 1, 15, 16, 17, 495, 496, 497, 512, 513, 4096, 100_000):
            p = malloc(n)
            assert p and p % 16 == 0
            ctypes.memset(p, 7, n)
            p = realloc(p, n + 9)
            assert ctypes.string_at(p, n) == b"\7" * n
            q = calloc(3, n)
            assert ctypes.string_at(q, 3 * n) == bytes(3 * n)
            free(realloc(q, n // 2))
            free(p)
        free(None)
        assert not malloc((1 << 63) - 1) and not calloc(1 << 40, 1 << 40)


def threads():
    workers = [threading.Thread(target=objects, args=(60 if QUICK else 600,)) for _ in range(4)]
    for t in workers:
        t.start()
    for t in workers:
        t.join()


def fork():
    child = os.fork()
    if not child:
        objects(50)
        os._exit(7)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 7


def subinterpreters():
    """Blocks freed when an interpreter ends, and two interpreters that take turns."""
    if tracemalloc.is_tracing() and sys.version_info < (3, 13):
        return  # CPython itself waits for its own lock for ever, or (3.12) frees what is not its own
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        try:
            import _interpreters as interpreters
        except ImportError:
            return
    ids = [interpreters.create() for _ in range(2 if QUICK else 4)]
    for turn in range(2):
        for i in ids:
            interpreters.run_string(i, "kept = [str(i) * 9 for i in range(500)]; import json")
    for i in ids:
        interpreters.destroy(i)


def traced():
    tracemalloc.start(3)
    objects(50)
    tracemalloc.take_snapshot()
    tracemalloc.stop()


def main():
    objects(100 if QUICK else 3000)
    grow()
    domains()
    threads()
    if not SOUND:
        fork()
        subinterpreters()
        traced()
    gc.collect()
    ctypes.pythonapi.poolshim_checker.restype = ctypes.c_char_p
    print("checker:", (ctypes.pythonapi.poolshim_checker() or b"nobody").decode())


if __name__ == "__main__":
    main()
