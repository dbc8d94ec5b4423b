"""A forked child has a race and writes behind a block; its parent ends with 0."""
import os
import runpy
import sys

import planted

child = os.fork()
if not child:
    runpy.run_path(os.path.join(os.path.dirname(__file__), "data-race.py"), run_name="__main__")
    planted.heap_overflow()
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
