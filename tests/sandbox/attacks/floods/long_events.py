"""Long events do not fill the broker's memory: all of a run's log is bounded in bytes."""

ENDS = "stopped"
SAYS = "журнал прогона длиннее, чем можно: 16 МиБ"


async def scenario(lab):
    for _ in range(3000):
        lab.emit("call.sent", text="x" * 8000)
