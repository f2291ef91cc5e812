"""Control messages: what a viewer may say to a running scenario, checked at every edge they cross."""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_BYTES = 1_024  # of one message as JSON
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
SLOWEST, FASTEST = 0.05, 64.0  # of `speed`
BARE = frozenset({"pause", "resume", "step", "stop"})


class BadControl(ValueError):
    """A control message says nothing that a run understands."""


def check(message: Any) -> dict[str, Any]:
    """The message with exactly the fields its `op` has. Raises BadControl with a Russian sentence."""
    if not isinstance(message, dict):
        raise BadControl("Управляющее сообщение — это объект с полем op.")
    op = message.get("op")
    if not isinstance(op, str):
        raise BadControl("Поле op — это слово.")
    if op in BARE:
        return {"op": op}
    if op == "speed":
        return {"op": op, "value": _speed(message.get("value"))}
    if op == "set":
        name = message.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise BadControl("У регулятора должно быть имя из латинских букв, цифр и подчёркиваний.")
        return {"op": op, "name": name, "value": _scalar(message.get("value"))}
    raise BadControl(f"Неизвестная команда: {op[:40]!a}.")


def encode(message: dict[str, Any]) -> bytes:
    """One line of the control pipe, newline included."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def whole(text: str) -> bool:
    """Whether it can be sent on: half a character cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -math.inf < value < math.inf:
        raise BadControl("Нужно обычное число.")
    return value


def _speed(value: Any) -> float:
    speed = _number(value)
    if not SLOWEST <= speed <= FASTEST:
        raise BadControl(f"Скорость бывает от {SLOWEST:g} до {FASTEST:g}.")
    return speed


def _scalar(value: Any) -> bool | float | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > 200:
            raise BadControl("Слишком длинное значение: не больше 200 знаков.")
        if not whole(value):
            raise BadControl("Это не текст: в нём половина символа.")
        return value
    number = _number(value)
    if abs(number) > 1e12:
        raise BadControl("Слишком большое число.")
    return number
