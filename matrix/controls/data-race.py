"""Two threads write the same variable without a lock."""
import threading

import planted


def race():
    threads = [threading.Thread(target=planted.data_race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    race()
