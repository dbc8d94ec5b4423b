"""Allocates small blocks of all kinds, keeps some, frees the rest: a program that pools are made for."""


class Node:
    def __init__(self, key, left, right):
        self.key = key
        self.left = left
        self.right = right


def tree(depth, key=0):
    if not depth:
        return None
    return Node(str(key), tree(depth - 1, 2 * key), tree(depth - 1, 2 * key + 1))


def words(n):
    counts = {}
    for i in range(n):
        word = "w%d" % (i * 7919 % 10007)
        counts.setdefault(word, []).append((i, float(i)))
    return sorted(counts.items(), key=lambda item: len(item[1]))


def main():
    kept = []
    for i in range(6):
        kept.append(tree(12, i))
        text = ",".join(name + ":" + str(len(places)) for name, places in words(40000))
        kept.append([piece.split(":") for piece in text.split(",")])
        if i % 2:
            kept.pop(0)
    return len(kept)


main()
