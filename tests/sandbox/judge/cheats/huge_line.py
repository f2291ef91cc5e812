"""A line that never ends is not kept."""
# told: ответ решения слишком велик
# ruff: noqa
import os


def flood():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"x" * 10_000_000)
        except OSError:
            pass


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        flood()

    async def fetch(self, backend, key):
        flood()

    later = fetch
