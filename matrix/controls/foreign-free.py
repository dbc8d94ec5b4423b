"""A pointer that no allocator gave is freed."""
import planted

planted.foreign_free()
