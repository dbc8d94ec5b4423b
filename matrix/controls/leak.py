"""Blocks whose last pointer is lost."""
import planted
from measure import measure


def lose():
    for _ in range(10):
        planted.leak()


measure("leak", lose)
