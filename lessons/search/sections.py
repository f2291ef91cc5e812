"""A rendered lesson cut at its headings into plain text, to be searched and quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

_HEADING = re.compile(r'<h[23] id="([^"]*)">(.*?)</h[23]>', re.S)
_SKIPPED = re.compile(r"<!--.*?-->|<annotation\b.*?</annotation>|<a class=\"anchor\".*?</a>", re.S)
_BREAK = re.compile(
    r"</?(?:p|li|ul|ol|tr|td|th|table|figure|figcaption|aside|details|summary|pre|div|h\d)\b[^>]*>"
)
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading; the text above the first has neither anchor nor title."""

    anchor: str
    title: str
    text: str


def plain(html: str) -> str:
    """Text of a piece of HTML: no tags, no soft hyphens, single spaces."""
    text = _TAG.sub("", _BREAK.sub(" ", _SKIPPED.sub(" ", html)))
    return _SPACE.sub(" ", unescape(text).replace("\u00ad", "")).strip()


def cut(html: str) -> Iterator[Section]:
    """The sections of a lesson's HTML in order."""
    parts = _HEADING.split(html)
    if text := plain(parts[0]):
        yield Section("", "", text)
    for anchor, title, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        yield Section(anchor, plain(title).removesuffix("#").strip(), plain(body))
