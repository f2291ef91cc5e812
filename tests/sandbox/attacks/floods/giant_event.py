"""One event larger than the bound ends the run with a reason."""

ENDS = "stopped|failed"
SAYS = "событие длиннее, чем можно: 8192 байт|Программа остановилась из-за ошибки"


async def scenario(lab):
    lab.emit("call.sent", text="я" * 3_000_000)
