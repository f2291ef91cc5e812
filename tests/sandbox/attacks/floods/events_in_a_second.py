"""A paced run cannot flood its viewers."""

ENDS = "stopped"
SAYS = "событий в секунду больше, чем можно"
PACE = 1.0


async def scenario(lab):
    while True:
        lab.emit("call.sent", id=1)
