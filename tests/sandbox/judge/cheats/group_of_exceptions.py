"""A group of exceptions is told with the first of those inside."""

# told: исключение ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception): ValueError: беда
# ruff: noqa
import asyncio


async def fail():
    raise ValueError("беда")


class Keeper:
    def __init__(self, limit):
        self.total = 0

    async def add(self, number):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    def fetch(self, backend, key):
        inside = ValueError("дно")
        for _ in range(20_000):
            inside = ExceptionGroup("г", [inside])
        raise inside

    later = fetch
