"""An exception whose text is endless, and whose name is markup, is cut and told."""

ENDS = "failed"
SAYS = "Программа остановилась из-за ошибки"


def attack(bait):
    raise type("<b>" + "Б" * 100_000, (BaseException,), {"__str__": lambda self: "x" * 50_000_000})
