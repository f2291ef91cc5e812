"""Events without end stop at the bound of a run."""

ENDS = "stopped"
SAYS = "событий за прогон больше, чем можно: 2000"
LIMITS = {"events": 2000}


async def scenario(lab):
    while True:
        lab.emit("call.sent", id=1)
