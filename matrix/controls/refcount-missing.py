"""An object loses a reference too many."""
import planted

planted.refcount_missing()
