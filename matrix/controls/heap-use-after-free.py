"""A block of the object allocator is read after it was freed."""
import planted

planted.heap_use_after_free()
