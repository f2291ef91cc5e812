"""The course's index, in memory of each web process, and the answers it gives.

Some forty lessons of a few thousand words each: scanning them takes a millisecond, so a search engine beside
the site would cost more than it gives. The index is made anew when any lesson's digest changes.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.urls import reverse

from lessons.models.content import Lesson, Status
from lessons.search.sections import cut, plain
from lessons.search.stems import asked, words

MOST = 30  # results shown
LONGEST = 200  # letters of a query that are read
_WIDTH = 220  # letters of a quotation
_PREFIX = 3  # letters from which an unfinished word finds its continuations

# How much a word counts by where it stands.
_TITLE, _HEADING, _TERM, _TEXT = 12.0, 6.0, 8.0, 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One section of a lesson, or a term of the glossary."""

    url: str
    lesson: str
    title: str
    text: str
    weights: dict[str, float]
    length: int


@dataclass(frozen=True, slots=True)
class Found:
    """One result. `quote` is HTML with the found words in `<mark>`."""

    url: str
    lesson: str
    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class Index:
    key: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    rarity: dict[str, float]


_lock = threading.Lock()
_index = Index((), (), {})


def find(query: str) -> list[Found]:
    """Sections and terms in which every word of the query occurs, best first; at most MOST.

    Words may be unfinished. When no section has all the words, those that have most of them are given.
    """
    wanted = asked(query[:LONGEST])
    if not wanted:
        return []
    index = _current()
    choices = [_alternatives(index, stem, word) for stem, word in wanted]
    ranked = []
    for order, entry in enumerate(index.entries):
        scores = [max((_score(index, entry, stem) for stem in stems), default=0.0) for stems in choices]
        hits = sum(score > 0 for score in scores)
        if hits:
            ranked.append((-hits, -sum(scores), order, entry))
    ranked.sort(key=lambda row: row[:3])
    most = -ranked[0][0] if ranked else 0
    stems = frozenset().union(*choices)
    return [
        Found(entry.url, entry.lesson, entry.title, quote(entry.text, stems))
        for hits, _, _, entry in ranked
        if -hits == most
    ][:MOST]


def _alternatives(index: Index, stem: str, word: str) -> frozenset[str]:
    """The stems a typed word stands for: its own; when the course has none, those that begin with it."""
    if stem in index.rarity:
        return frozenset({stem})
    short = stem if len(stem) < len(word) else word
    if len(short) < _PREFIX:
        return frozenset()
    return frozenset(known for known in index.rarity if known.startswith(short))


def _score(index: Index, entry: Entry, stem: str) -> float:
    weight = entry.weights.get(stem, 0.0)
    return index.rarity[stem] * weight / (weight + 1.5 * (0.4 + entry.length / 900)) if weight else 0.0


def _current() -> Index:
    global _index  # noqa: PLW0603 — one index per process
    key = tuple(Lesson.objects.order_by("pk").values_list("slug", "digest"))
    if key != _index.key:
        with _lock:
            if key != _index.key:
                _index = _build(key)
    return _index


def _build(key: tuple[tuple[str, str], ...]) -> Index:
    entries: list[Entry] = []
    rows = Lesson.objects.select_related("chapter").order_by("chapter__number", "number")
    for row in rows.defer("files", "private", "spec"):
        name = f"{row.chapter.number}.{row.number} {row.title}"
        if row.status == Status.PLANNED:
            name += " (готовится)"
        url = row.get_absolute_url()
        entries.append(_entry(url, name, "", plain(row.aim), title=row.title))
        for section in cut(row.html):
            entries.append(
                _entry(
                    f"{url}#{section.anchor}" if section.anchor else url, name, section.title, section.text
                )
            )
        for term in row.page.get("terms", []):
            title = term["name"] + (f" ({term['english']})" if term["english"] else "")
            entries.append(
                _entry(
                    f"{reverse('glossary')}#{term['id']}", "Словарь", title, plain(term["text"]), term=title
                )
            )
    spread = Counter(stem for entry in entries for stem in entry.weights)
    rarity = {stem: math.log(1 + len(entries) / count) for stem, count in spread.items()}
    return Index(key, tuple(entries), rarity)


def _entry(url: str, lesson: str, heading: str, text: str, *, title: str = "", term: str = "") -> Entry:
    weights: dict[str, float] = {}
    for source, weight in (
        (title, _TITLE),
        (term, _TERM),
        ("" if term else heading, _HEADING),
        (text, _TEXT),
    ):
        for stem, _, _ in words(source):
            weights[stem] = weights.get(stem, 0.0) + weight
    return Entry(url, lesson, heading, text, weights, len(text.split()))


def quote(text: str, stems: frozenset[str]) -> str:
    """The part of the text with most of the words, as HTML with each of them marked."""
    places = [(start, end) for stem, start, end in words(text) if stem in stems]
    first = _densest(places)
    begin = 0 if first < _WIDTH // 2 else text.rfind(" ", 0, first - 40) + 1
    finish = len(text) if begin + _WIDTH >= len(text) else text.rfind(" ", 0, begin + _WIDTH)
    finish = max(finish, begin)
    pieces, at = [], begin
    for start, end in sorted(set(places)):
        if at <= start and end <= finish:
            pieces += [escape(text[at:start]), f"<mark>{escape(text[start:end])}</mark>"]
            at = end
    pieces.append(escape(text[at:finish]))
    return ("… " if begin else "") + "".join(pieces) + (" …" if finish < len(text) else "")


def _densest(places: Sequence[tuple[int, int]]) -> int:
    """Where the window of a quotation holds most of the places."""
    counts = [(sum(start <= other < start + _WIDTH for other, _ in places), -start) for start, _ in places]
    return -max(counts)[1] if counts else 0
