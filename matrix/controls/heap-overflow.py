"""One byte is written behind a small block, which is then freed."""
import planted

planted.heap_overflow()
