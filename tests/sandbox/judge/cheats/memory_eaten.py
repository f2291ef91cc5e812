"""Memory has a bound, and the learner is told which."""
# told: памят
# ruff: noqa
class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        self.hoard = []
        while True:
            self.hoard.append(bytearray(8_000_000))

    async def fetch(self, backend, key):
        return self.add(0)

    later = fetch
