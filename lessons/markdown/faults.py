"""A mistake found while rendering."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong and what to do, in Russian. `line` counts from 1 in the text; 0 means unknown."""

    line: int
    text: str
    remedy: str


def line_of(text: str, needle: str) -> int:
    """The first line that holds `needle`, from 1; 0 when there is none."""
    at = text.find(needle)
    return text.count("\n", 0, at) + 1 if at >= 0 else 0
