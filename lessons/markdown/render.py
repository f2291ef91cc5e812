"""One lesson's Markdown into HTML, with a table of contents and every mistake found on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from markdown import Markdown

from lessons.markdown import listings, typography
from lessons.markdown.blocks import LISTED_FILES, LessonBlocks, Placed, scan
from lessons.markdown.faults import Fault, line_of
from lessons.markdown.listings import Listing

_MARKER = re.compile(
    r'<div data-argument="([^"]*)" data-block="([a-z]+)">\s*</div>|'
    r'<div data-block="([a-z]+)" data-argument="([^"]*)">\s*</div>'
)
_LISTING = re.compile(
    r'<figure class="listing" data-file="([^"]*)" data-label="([^"]*)">\s*'
    r"<figcaption>(.*?)</figcaption>\s*</figure>",
    re.S,
)
_HEADING = re.compile(r'<h([23]) id="([^"]*)">(.*?)</h\1>', re.S)
_LINK = re.compile(r'<a href="(lesson|moment|term):([^"#]*)(#[^"]*)?"')
_TABLE = re.compile(r"<table>.*?</table>", re.S)
_WORDS = re.compile(r"[A-Za-zА-Яа-яЁё]{2,}")

_LATIN = {
    **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdezijklmnoprstufhcye", strict=True)),
    "ё": "e", "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "ju", "я": "ja",
}  # fmt: skip


def slugify(text: str, separator: str = "-") -> str:
    """«Как устроен код» → `kak-ustroen-kod`."""
    latin = "".join(_LATIN.get(char, char) for char in unescape(text).lower().replace("\u00ad", ""))
    return re.sub(r"[^a-z0-9]+", separator, latin).strip(separator) or "razdel"


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the page's table of contents. `level` is 2 or 3; `title` is plain text."""

    id: str
    title: str
    level: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML with `<!--block name argument-->` markers, formulas not yet typeset."""

    html: str
    headings: tuple[Heading, ...]
    blocks: tuple[Placed, ...]
    faults: tuple[Fault, ...]
    words: int


@dataclass
class Renderer:
    """Renders the texts of one lesson.

    `lessons` are the slugs that links may name; `address` makes their URLs; `files` are the listings;
    `terms` has, by id, the lesson that explains a term and the explanation as plain text.
    """

    lessons: Set[str] = frozenset()
    address: Callable[[str], str] = lambda slug: f"/lessons/{slug}/"
    files: Mapping[str, Listing] = field(default_factory=dict)
    terms: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    glossary: str = "/glossary/"

    def __post_init__(self) -> None:
        self._markdown = Markdown(
            extensions=[
                "tables", "footnotes", "def_list", "attr_list", "abbr", "toc", "md_in_html",
                "pymdownx.highlight", "pymdownx.superfences", "pymdownx.arithmatex", "pymdownx.betterem",
                LessonBlocks(),
            ],
            extension_configs={
                "toc": {"slugify": slugify, "toc_depth": "1-3"},
                "footnotes": {"BACKLINK_TITLE": "Вернуться к тексту"},
                "pymdownx.arithmatex": {"generic": True},
                "pymdownx.highlight": {"guess_lang": False, "anchor_linenums": False},
            },
            output_format="html",
        )  # fmt: skip

    def page(self, text: str) -> Rendered:
        """A whole text with blocks and headings."""
        placed, faults = scan(text)
        html = self._convert(text, faults)
        html = typography.markup(html)
        html = _MARKER.sub(_comment, html)
        html = _LISTING.sub(lambda match: self._listing(match, text, faults), html)
        headings: list[Heading] = []
        for token in _flat(self._markdown.toc_tokens):
            if token["level"] == 1:
                line = line_of(text, "\n# ") + 1 if not text.startswith("# ") else 1
                faults.append(
                    Fault(
                        line,
                        "заголовок первого уровня в тексте",
                        "начните с «##»: «#» уже занят названием урока",
                    )
                )
            headings.append(Heading(token["id"], typography.plain(unescape(token["name"])), token["level"]))
        html = _HEADING.sub(_anchored, html)
        return Rendered(html, tuple(headings), tuple(placed), tuple(faults), len(_WORDS.findall(text)))

    def fragment(self, text: str) -> tuple[str, list[Fault]]:
        """A few paragraphs without blocks: a question, a hint, a task."""
        placed, faults = scan(text)
        faults += [
            Fault(b.line, f"здесь нельзя ставить блок «{b.name}»", "перенесите его в lesson.md")
            for b in placed
        ]
        return typography.markup(self._convert(text, faults)), faults

    def inline(self, text: str) -> tuple[str, list[Fault]]:
        """One line: an answer, a caption. The paragraph around it is taken off."""
        html, faults = self.fragment(text)
        return _unwrapped(html), faults

    def _convert(self, text: str, faults: list[Fault]) -> str:
        html: str = self._markdown.reset().convert(text)
        html = _LINK.sub(lambda match: self._link(match, text, faults), html)
        html = html.replace("<pre><span></span>", "<pre>").replace("<pre>", '<pre tabindex="0">')
        return _TABLE.sub(lambda match: f'<div class="table-wrap" tabindex="0">{match[0]}</div>', html)

    def _link(self, match: re.Match[str], text: str, faults: list[Fault]) -> str:
        scheme, target, anchor = match[1], match[2], match[3] or ""
        line = line_of(text, f"{scheme}:{target}")
        if scheme == "lesson":
            if target not in self.lessons:
                known = ", ".join(sorted(self.lessons))
                faults.append(Fault(line, f"ссылка на урок «{target}», которого нет", f"есть такие: {known}"))
            return f'<a href="{escape(self.address(target))}{anchor}"'
        if scheme == "term":
            if target not in self.terms:
                known = ", ".join(sorted(self.terms)) or "ни одного"
                faults.append(Fault(line, f"термина «{target}» нет", f"есть такие: {known}"))
            text = self.terms.get(target, ("", ""))[1]
            return f'<a class="term" data-term="{escape(text)}" href="{self.glossary}#{escape(target)}"'
        if not re.fullmatch(r"\d+(\.\d+)?", target):
            faults.append(
                Fault(line, f"«moment:{target}» не похоже на секунду", "напишите, например, moment:7.2")
            )
        return f'<a class="moment" data-t="{target}" href="#demo"'

    def _listing(self, match: re.Match[str], text: str, faults: list[Fault]) -> str:
        file, label, caption = match[1], match[2], _unwrapped(match[3].strip())
        line = line_of(text, f"{file}#{label}" if label else file)
        listing = self.files.get(file)
        if file not in LISTED_FILES or listing is None:
            known = ", ".join(sorted(self.files)) or "никаких"
            faults.append(Fault(line, f"нет файла «{file}» для листинга", f"есть такие: {known}"))
            return ""
        if label and label not in listing.regions:
            known = ", ".join(sorted(listing.regions)) or "меток нет"
            faults.append(Fault(line, f"в {file} нет участка [{label}]", f"есть такие: {known}"))
            return ""
        code, first = listing.region(label)
        name = f'<span class="listing-file">{file}</span>'
        return (
            f'<figure class="listing" data-file="{file}" data-first="{first}" style="--first:{first}">'
            f"<figcaption>{name}{' ' + caption if caption else ''}</figcaption>"
            f"{listings.coloured(code)}</figure>"
        )


def _unwrapped(html: str) -> str:
    single = html.startswith("<p>") and html.endswith("</p>") and html.count("<p>") == 1
    return html[3:-4] if single else html


def _flat(tokens: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [flat for token in tokens for flat in (token, *_flat(token["children"]))]


def _comment(match: re.Match[str]) -> str:
    name = match[2] or match[3]
    argument = match[1] or match[4] or ""
    return f"<!--block {name} {argument}-->" if argument else f"<!--block {name}-->"


def _anchored(match: re.Match[str]) -> str:
    level, anchor, title = match.groups()
    link = f'<a class="anchor" href="#{anchor}" aria-label="Ссылка на этот раздел">#</a>'
    return f'<h{level} id="{anchor}">{title} {link}</h{level}>'
