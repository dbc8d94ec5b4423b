"""A block of the raw allocator is freed by the object allocator."""
import planted

planted.wrong_domain_free()
