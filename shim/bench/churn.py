"""Allocates small blocks and frees them again at once: few are alive at a time."""


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def main():
    total = 0.0
    for i in range(700000):
        total += Point(i * 1.5, [i]).x
        text = "%d-%d" % (i, i * 3)
        total += len(text.split("-"))
    return total


main()
