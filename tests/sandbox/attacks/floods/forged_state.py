"""A run cannot call itself lost by our fault, nor invent a state."""

from kernel import event_pipe, push

ENDS = "failed"
SAYS = "Программа остановилась из-за ошибки"


def attack(bait):
    push(event_pipe(), b'{"t":0,"kind":"run.ended","state":"lost","reason":"ours","text":"x"}\n')
    return "written"
