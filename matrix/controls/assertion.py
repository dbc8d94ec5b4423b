"""An assert() of C fails."""
import planted

planted.assertion()
