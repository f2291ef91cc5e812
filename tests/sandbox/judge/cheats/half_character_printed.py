"""Half a character and a terminal's sequence among what is printed break nothing of the judge's."""

# told: Сумма
# ruff: noqa
print("\ud800\x1b[2J\u202e")


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        print("\udfff" * 3)
        return 0

    async def fetch(self, backend, key):
        print("\ud800")
        return 0

    later = fetch
