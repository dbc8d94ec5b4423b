"""Calls planted faults (python_faults.c) in this interpreter: python_faults.py LIBRARY FAULT..."""
import ctypes
import sys


def main(library, *names):
    faults = ctypes.PyDLL(library)
    for name in names:
        getattr(faults, name)()


main(*sys.argv[1:])
