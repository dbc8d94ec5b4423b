"""The same in a child without any environment, whose output nobody reads."""
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
subprocess.run([sys.executable, os.path.join(here, "forked-child.py")], env={},
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
