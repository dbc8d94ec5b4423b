"""An object keeps a reference that nobody holds."""
import planted
from measure import measure


def lose():
    for _ in range(10):
        planted.refcount_extra()


measure("refcount-extra", lose)
