"""Learner's values as plain JSON: exact types only, bounded in size and depth.

Scalars and lists are themselves; everything else is an object with one key that names its kind:
`$tuple` list, `$dict` list of pairs, `$float` "nan" | "inf" | "-inf", `$bytes` hex. What is none of these
crosses as `$object {type, text}`: a description, never equal to anything; it may get `ref`, its number here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from types import MemberDescriptorType
from typing import Any

from sandbox.guest.problems import member

DEPTH = 12  # levels of nesting: a judge compares small answers, not documents
ITEMS = 5_000  # values in one answer
TEXT = 20_000  # characters in one string
ATTRIBUTES = 20  # of an exception
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Unsendable(Exception):
    """The value is too big or too deep to be told; the text says which, in Russian."""


class Packer:
    """Turns one value into plain JSON; counts what it has taken so that the whole stays bounded."""

    def __init__(self) -> None:
        self.items = 0

    def pack(self, value: Any, depth: int = 0) -> Any:
        """Raises Unsendable."""
        self.items += 1
        if depth > DEPTH:
            raise Unsendable("ответ вложен слишком глубоко (или ссылается сам на себя)")
        if self.items > ITEMS:
            raise Unsendable("ответ слишком велик")
        kind = type(value)
        if value is None or kind is bool:
            return value
        # A subclass (an Enum of strings, say) crosses as what its base holds, not as what it says of itself.
        if issubclass(kind, int):
            whole = int.__add__(value, 0)
            return whole if abs(whole) < 2**63 else describe(value)
        if issubclass(kind, float):
            real = float.__add__(value, 0.0)
            return real if math.isfinite(real) else {"$float": repr(real)}
        if issubclass(kind, str):
            if str.__len__(value) > TEXT:
                raise Unsendable("строка в ответе слишком длинная")
            return str.__str__(value)
        if issubclass(kind, bytes):
            if bytes.__len__(value) > TEXT:
                raise Unsendable("байтовая строка в ответе слишком длинная")
            return {"$bytes": bytes.hex(value)}
        if issubclass(kind, list):
            return [self.pack(item, depth + 1) for item in list.__iter__(value)]
        if issubclass(kind, tuple):
            return {"$tuple": [self.pack(item, depth + 1) for item in tuple.__iter__(value)]}
        if issubclass(kind, dict):
            pairs = list(dict.items(value))
            return {"$dict": [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in pairs]}
        return describe(value)


def pack(value: Any) -> Any:
    """The value as plain JSON. Raises Unsendable."""
    return Packer().pack(value)


def describe(value: Any) -> dict[str, Any]:
    """What can be told of an object that is not plain data."""
    try:
        text = ADDRESS.sub("", str.__str__(repr(value)))[:200]
    except BaseException:  # a learner's __repr__ may do anything, and it is only for people to read
        text = "?"
    return {"$object": {"type": name_of(type(value)), "text": text}}


def name_of(kind: type) -> str:
    try:
        return str.__str__(type.__dict__["__name__"].__get__(kind))[:80]
    except BaseException:
        return "?"


def failure(error: BaseException, source: int | None, file: str) -> dict[str, Any]:
    """An exception as data: type, ancestors, text, simple attributes, and the learner's line it came through.

    `source` is the number of the stub's call that raised this very object, or None.
    """
    return {
        "type": name_of(type(error)),
        "mro": [name_of(kind) for kind in type.mro(type(error))[:20]],
        "message": quietly(lambda: message_of(error), ""),
        "attrs": quietly(lambda: attributes(error), {}),
        "source": source,
        "line": quietly(lambda: line_of(member(error)[0], file) or line_of(error, file), 0),
    }


def quietly(read: Callable[[], Any], otherwise: Any) -> Any:
    """Reading a learner's exception runs their code; whatever it raises is no news."""
    try:
        return read()
    except BaseException:
        return otherwise


def message_of(error: BaseException) -> str:
    """Its text; of a group (of a TaskGroup, say) the first exception inside too: its own tells how many."""
    own = str.__str__(str(error))[:500]
    first, _ = member(error)
    return own if first is error else f"{own}: {name_of(type(first))}: {str.__str__(str(first))[:500]}"


def attributes(error: BaseException) -> dict[str, Any]:
    """Numbers, strings and None among the exception's own attributes, slots and properties."""
    names = list(getattr(error, "__dict__", {}))
    for kind in type(error).__mro__:
        if kind in (BaseException, Exception, object):
            break
        kept = vars(kind).items()
        names += [name for name, held in kept if isinstance(held, property | MemberDescriptorType)]
    found: dict[str, Any] = {}
    for name in names[:ATTRIBUTES]:
        value = quietly(partial(getattr, error, name), ...)
        if value is None or isinstance(value, bool | int | float | str):
            packed = quietly(partial(pack, value), ...)
            if packed is not ...:
                found[str(name)[:80]] = packed
    return found


def line_of(error: BaseException, file: str) -> int:
    """The last line of the learner's file that the exception passed through; 0 when none."""
    line, entry = 0, error.__traceback__
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == file:
            line = entry.tb_lineno
        entry = entry.tb_next
    return line
