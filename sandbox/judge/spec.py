"""How a case is declared, and how it says that the solution does not do what it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Body = Callable[[Any], Awaitable[None]]  # of a `Case`
F = TypeVar("F", bound=Callable[..., Awaitable[None]])


class Failed(Exception):
    """The solution does not do what the case asks. All texts are for the learner."""

    def __init__(self, message: str, *, expected: str = "", got: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.got = got
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Spec:
    """One case as its author declared it."""

    title: str
    name: str  # of the function: what `wrong/*.py` refer to
    body: Body
    seeds: int
    limit: float  # processor seconds for all its seeds together (`patience`)
    hint: str
    fails: tuple[str, ...] = ()  # names of the wrong solutions it is aimed at


def case(
    title: str, *, seeds: int = 1, limit: float = 2.0, hint: str = "", fails: str = ""
) -> Callable[[F], F]:
    """Make a function a case. `title` is what the learner sees; with `seeds` > 1 it is a property.

    `limit` is in processor seconds, over all seeds; `fails` names the wrong solutions aimed at.
    """

    def mark(body: F) -> F:
        body.__case__ = Spec(title, body.__name__, body, seeds, limit, hint, tuple(fails.split()))  # type: ignore[attr-defined]
        return body

    return mark
