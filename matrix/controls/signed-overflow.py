"""INT_MAX + 1."""
import planted

planted.signed_overflow()
