"""A C function returns NULL and sets no exception."""
import planted

planted.null_without_exception()
