"""Half a line, and then nothing for ever, is no answer."""

# told: не ответило вовремя
# ruff: noqa
import os


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, b'{"id": "')
            except OSError:
                pass
        os.read(os.pipe()[0], 1)

    async def fetch(self, backend, key):
        return 0

    later = fetch
