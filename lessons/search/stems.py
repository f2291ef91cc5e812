"""Words of a text and their stems, so that «предохранителем» is found by «предохранитель»."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer  # type: ignore[import-untyped]

WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_RUSSIAN = snowballstemmer.stemmer("russian")
_ENGLISH = snowballstemmer.stemmer("english")
# Words that stand in every section and tell nothing.
_COMMON = frozenset(
    WORD.findall(
        """а без бы был была были было в во вот все всё да для до его ее её если есть еще ещё же за и из
        или им их к как ко когда кто ли мы на не него нее неё ни но о об он она они оно от по при с со
        так такой там то того только тот ту ты у уже чем что чтобы эта эти это этого этой этот я
        the a an of to in is and or"""
    )
)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of one word, any case; ё counts as е.

    Stemmed twice: Snowball takes «-ов» of «вызов» for an ending, so «вызовов» would stop one step short.
    """
    word = word.lower().replace("ё", "е")
    stemmer = _RUSSIAN if any("а" <= letter <= "я" for letter in word) else _ENGLISH
    found: str = stemmer.stemWord(stemmer.stemWord(word))
    return found


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """(stem, start, end) of every word that tells something; parts of a hyphened word too."""
    for match in WORD.finditer(text):
        whole = match[0].lower()
        if whole in _COMMON:
            continue
        yield stem(whole), match.start(), match.end()
        if "-" in whole:
            at = match.start()
            for part in whole.split("-"):
                if len(part) > 2 and part not in _COMMON:
                    yield stem(part), at, at + len(part)
                at += len(part) + 1


def asked(query: str) -> list[tuple[str, str]]:
    """(stem, the word as typed, lower case) of each word of a query, without repeats."""
    found: dict[str, str] = {}
    for match in WORD.finditer(query):
        word = match[0].lower()
        if word not in _COMMON:
            found.setdefault(stem(word), word.replace("ё", "е"))
    return list(found.items())
