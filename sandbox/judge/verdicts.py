"""Comparing what came out of the jail, and saying it: values as data, calls as they would be written."""

from __future__ import annotations

from typing import Any

from sandbox import limits
from sandbox.judge.stubs import ExceptionName, Handle, Stub
from sandbox.judge.words import NBSP, clean, shorten, show
from sandbox.judge.world import Outcome


def same(got: Any, expected: Any) -> bool:
    """Equal as plain data: True is not 1, an unknown object is nothing. An int and a float may be equal."""
    if type(expected) in (list, tuple):
        return (
            type(got) is type(expected)
            and len(got) == len(expected)
            and all(same(one, other) for one, other in zip(got, expected, strict=True))
        )
    if type(expected) is dict:
        return (
            type(got) is dict
            and got.keys() == expected.keys()
            and all(same(got[k], expected[k]) for k in expected)
        )
    if type(expected) in (int, float):
        return type(got) in (int, float) and bool(got == expected)
    return type(got) is type(expected) and bool(got == expected)


def tell(got: Outcome) -> str:
    """`вернул 5`, `бросил KeyError('x') (строка 41)`."""
    if got.error is None:
        return f"вернул {show(got.value)}"
    where = f" (строка{NBSP}{got.line} решения)" if got.line and got.source is None else ""
    message = got.message
    if got.error == "MemoryError" and not message:  # the interpreter's own says nothing
        message = f"решению не хватило памяти, {limits.JUDGE.text('memory')}"
    return f"исключение {clean(got.error)}: {shorten(clean(message), 160)}{where}"


def worded(value: Any) -> str:
    """What a case gives as `expected` or `got`: its own words, or a value to show."""
    if isinstance(value, Outcome):
        return tell(value)
    return shorten(value, 300) if type(value) is str else show(value)


def spell(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The call as it would be written: `call(backend, 1)`."""
    inside = [named(item) for item in args] + [f"{key}={named(item)}" for key, item in kwargs.items()]
    return f"{name}({', '.join(inside)})"


def named(value: Any) -> str:
    if isinstance(value, Stub | ExceptionName):
        return value.name
    if isinstance(value, Handle):
        return value.label
    if type(value) in (list, tuple):
        inside = ", ".join(named(item) for item in value)
        return f"[{inside}]" if type(value) is list else f"({inside},)" if len(value) == 1 else f"({inside})"
    return show(value, 60)
