"""A forked child has a race and writes behind a block; its parent ends with 0."""
import os
import sys

import planted

here = os.path.dirname(os.path.abspath(__file__))
child = os.fork()
if not child:
    with open(os.path.join(here, "data-race.py"), encoding="utf-8") as race:
        exec(race.read())
    planted.heap_overflow()
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
