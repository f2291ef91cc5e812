"""SystemExit is an exception like any other."""
# told: исключение SystemExit
# ruff: noqa
import sys


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        sys.exit(0)

    async def fetch(self, backend, key):
        raise SystemExit(0)

    later = fetch
