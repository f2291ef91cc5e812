"""Signs of a text that a page would not show, or would obey, made visible. Twin: static/src/kit/visible.js.

A learner's code is read by other people: a sign that turns the direction of writing, or has no width, can
make them read other code than what runs («Trojan Source», CVE-2021-42574).
"""

from __future__ import annotations

import unicodedata

KEPT = "\t\n\u00ad\u200d"  # tabulation, lines, a soft hyphen, the joiner of emoji
CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Letters by their category, and names by Python's rules, that have nothing to show: fillers and the like.
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"


def visible(text: str) -> str:
    """The text with ESC as ␛, RLO as [U+202E]; the ends of lines as they are."""
    return text.replace("\r\n", "\n").translate(_SIGNS)


def lines(text: str, most: int = 20) -> list[tuple[int, str]]:
    """The first `most` lines that hold such signs, made visible, with their numbers from 1."""
    plain = text.replace("\r\n", "\n").split("\n")
    found = [(n, shown) for n, line in enumerate(plain, 1) if (shown := visible(line)) != line]
    return found[:most]


class _Signs(dict[int, str]):
    """What each sign is shown as; asked of those alone that a text holds."""

    def __missing__(self, number: int) -> str:
        sign = chr(number)
        if sign in KEPT or (unicodedata.category(sign) not in CATEGORIES and sign not in BLANK):
            return sign
        return chr(0x2400 + number) if number < 0x20 else f"[U+{number:04X}]"


_SIGNS = _Signs()
