"""The same in a child without any environment, whose output nobody reads."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
# Not with subprocess: importing that alone takes Memcheck longer than the rest.
quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
child = os.posix_spawn(sys.executable, [sys.executable, os.path.join(here, "forked-child.py")], {},
                       file_actions=quiet)
os.waitpid(child, 0)
