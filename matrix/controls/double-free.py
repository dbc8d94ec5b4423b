"""A block of the object allocator is freed twice."""
import planted

planted.double_free()
