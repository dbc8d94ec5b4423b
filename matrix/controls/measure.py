"""What a debug build can say of leaks: totals, in the words of regrtest -R."""
import gc
import sys

WARMUPS = 3
REPEATS = 3


def measure(name, function):
    references, blocks = [], []
    for i in range(WARMUPS + REPEATS):
        before = totals()
        function()
        after = totals()
        if i >= WARMUPS:
            references.append(after[0] - before[0])
            blocks.append(after[1] - before[1])
    for what, deltas in ("references", references), ("memory blocks", blocks):
        if min(deltas) > 0:
            print(f"{name} leaked {deltas} {what}, sum={sum(deltas)}", file=sys.stderr, flush=True)


def totals():
    gc.collect()
    count = getattr(sys, "gettotalrefcount", int)
    return count(), sys.getallocatedblocks()
