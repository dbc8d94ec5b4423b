"""A branch depends on a byte that was never written."""
import planted

planted.uninitialised_branch()
