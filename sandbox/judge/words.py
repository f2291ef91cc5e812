"""How the judge shows values to a learner: short, on one line, with nothing that could act on a terminal."""

from __future__ import annotations

import math
from typing import Any

from sandbox.judge.wire import Thing

NBSP = "\N{NO-BREAK SPACE}"
SHOWN = 160  # characters of one value
ITEMS = 12  # of one collection


def show(value: Any, room: int = SHOWN) -> str:
    """The value as Python would write it, shortened to `room` characters."""
    return shorten(shown(value), room)


def shown(value: Any) -> str:
    if isinstance(value, Thing):
        return f"объект {clean(value.type)} {clean(value.text)}"
    if type(value) is float and math.isfinite(value):
        return f"{round(value, 6):g}" if value != int(value) else repr(value)
    if type(value) is str:
        return repr(value)
    if type(value) in (list, tuple):
        inside = ", ".join(shown(item) for item in value[:ITEMS])
        if len(value) > ITEMS:
            inside += ", …"
        if type(value) is list:
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if type(value) is dict:
        inside = ", ".join(f"{shown(k)}: {shown(v)}" for k, v in list(value.items())[:ITEMS])
        return "{" + inside + (", …}" if len(value) > ITEMS else "}")
    return clean(repr(value))


def clean(text: str) -> str:
    """Text from the jail made visible: control characters, half symbols and direction marks are escaped."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter == NBSP else letter.encode("unicode_escape").decode()
        for letter in text
    )


def shorten(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def seconds(value: float) -> str:
    """`5 с`, `0,25 с`."""
    return f"{round(value, 3):g}".replace(".", ",") + NBSP + "с"


def times(count: int, one: str, few: str, many: str) -> str:
    """A number with its noun: `1 вызов`, `3 вызова`, `5 вызовов`."""
    tens, units = count % 100, count % 10
    noun = many if 11 <= tens <= 14 else one if units == 1 else few if 2 <= units <= 4 else many
    return f"{count}{NBSP}{noun}"
