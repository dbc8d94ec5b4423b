"""A null pointer is written to."""
import planted

planted.crash()
