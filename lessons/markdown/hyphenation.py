"""Soft hyphens in long Russian words: `hyphens: auto` does nothing for Russian in Debian's Chromium."""

from __future__ import annotations

import re
from functools import lru_cache

import pyphen

SHY = "\u00ad"
_WORD = re.compile(r"(?<![\w-])[А-Яа-яЁё][а-яё]{6,}(?![\w-])")  # abbreviations and compounds stay whole
_DICTIONARY = pyphen.Pyphen(lang="ru_RU", left=2, right=3)


@lru_cache(maxsize=20_000)
def _hyphenated(word: str) -> str:
    # The dictionary does not know ё: look for breaks in the word with е, put them into the word with ё.
    breaks = _DICTIONARY.positions(word.lower().replace("ё", "е"))
    for at in reversed(list(breaks)):
        word = word[:at] + SHY + word[at:]
    return word


def hyphenate(text: str) -> str:
    """Put soft hyphens into Russian words of 7 letters and more."""
    return _WORD.sub(lambda match: _hyphenated(match[0]), text)
