"""One byte is written before a small block, which is then freed."""
import planted

planted.heap_underflow()
