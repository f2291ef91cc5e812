"""Names that are markup, or turn the direction of writing, are shown sign by sign."""
# told: исключение \u202e<script>: \x1b[2J\ud800
# ruff: noqa


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        raise type("\u202e<script>", (Exception,), {})("\x1b[2J\ud800")

    async def fetch(self, backend, key):
        raise type("Ы" * 10_000, (Exception,), {"__module__": "\ud800"})("ё" * 100_000)

    later = fetch
