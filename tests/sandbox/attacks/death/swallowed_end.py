"""A scenario that catches its own cancellation, again and again, ends all the same."""

import asyncio

ENDS = "finished"
SAYS = "Прогон завершён"


async def stay():
    while True:
        try:
            await asyncio.sleep(1000)
        except BaseException:
            pass


async def scenario(lab):
    for _ in range(10):
        lab.spawn(stay())
    await asyncio.sleep(1)
