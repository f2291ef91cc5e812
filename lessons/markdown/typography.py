"""Russian typography: quotes, dashes, spaces that must not break; on plain text and inside HTML."""

from __future__ import annotations

import re
from collections.abc import Callable

from lessons.markdown.hyphenation import hyphenate

NBSP = "\u00a0"

# Words that must not be left at the end of a line, and particles that must not begin one.
_CLINGS_TO_NEXT = (
    "а|без|в|во|для|до|за|и|из|из-за|изо|или|к|как|ко|на|над|не|ни|но|о|об|обо|от|ото|по|под|при|про|с|со|"
    "то|у|что|чем|я|мы|вы|он|её|их|его"
)
_CLINGS_TO_PREVIOUS = "бы|б|ли|ль|же|ж"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.{3}"), "…"),
    (re.compile(r"(?<=\S)[ \u00a0\n](?:-{1,3}|—|–)(?=\s)"), NBSP + "—"),
    (re.compile(r"^(?:-{1,3}|—)(?=\s)"), "—"),
    (re.compile(r"(?<![\d.\-–])(\d+)-(\d+)(?![\d\-–])"), r"\1–\2"),
    (re.compile(r"(?<![\w)])-(?=\d)"), "−"),
    (re.compile(r"(?<=\d)[ \u00a0]?%"), NBSP + "%"),
    (re.compile(r"№[ ]?(?=\d)"), "№" + NBSP),
    (re.compile(r"(?<=\d) (?=[А-Яа-яЁё°])"), NBSP),
    (re.compile(r"\b(т|и) (?=[едпк]\.)", re.I), r"\1" + NBSP),
    (re.compile(r"\b(т\.) ?(е|д|п|к|н)\.", re.I), r"\1" + NBSP + r"\2."),
    (re.compile(r"\b(рис|табл|гл|см|ср|стр|с)\. (?=[\dА-Яа-яЁё])", re.I), r"\1." + NBSP),
    (re.compile(r"\b([А-ЯЁ]\.) ?(?=[А-ЯЁ]\.)"), r"\1" + NBSP),
    (re.compile(r"\b([А-ЯЁ]\.) (?=[А-ЯЁ][а-яё])"), r"\1" + NBSP),
    (re.compile(rf"(?<=\w)[ \n](?=(?:{_CLINGS_TO_PREVIOUS})(?![\w-]))", re.I), NBSP),
)
_SHORT = re.compile(rf"(?<![\w-])({_CLINGS_TO_NEXT})[ \n](?=\S)", re.I)
_SHORT_AT_END = re.compile(rf"(?<![\w-])({_CLINGS_TO_NEXT})[ \n]$", re.I)
_OPENS_AFTER = frozenset(" \n\t" + NBSP + "([{«„—–-/")

_TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.S)
_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
_VERBATIM = frozenset({"pre", "code", "kbd", "samp", "script", "style", "math", "svg", "textarea"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary", "figcaption"})
_INLINE = frozenset(
    {"a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "s", "small", "span", "strong"}
)
_FORMULA = re.compile(r"<(?:span|div) class=\"(?:arithmatex|math)\"")


class _Quotes:
    """Turns straight quotes into «…» and „…“ inside; remembers the depth across inline tags."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.depth = 0
        self.before = " "

    def turn(self, text: str) -> str:
        out: list[str] = []
        for typed in text:
            char = typed
            if typed == '"':
                if self.before in _OPENS_AFTER:
                    char = "«" if self.depth == 0 else "„"
                    self.depth += 1
                else:
                    self.depth = max(0, self.depth - 1)
                    char = "»" if self.depth == 0 else "“"
            out.append(char)
            self.before = char
        return "".join(out)


def _spaces(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    # Twice: two short words in a row share the space between them.
    return _SHORT.sub(r"\1" + NBSP, _SHORT.sub(r"\1" + NBSP, text))


def plain(text: str) -> str:
    """Set one plain string (a title, a label) by the rules. No soft hyphens."""
    return _spaces(_Quotes().turn(text))


def _inline_next(tokens: list[str], index: int) -> bool:
    following = tokens[index + 1] if index + 1 < len(tokens) else ""
    name = _NAME.match(following)
    return bool(name) and name is not None and name[1].lower() in _INLINE


def markup(html: str, *, soften: Callable[[str], str] = hyphenate) -> str:
    """Set the text inside HTML. Code, formulas, scripts and attributes are left as they are; headings get
    no soft hyphens. `soften` puts them everywhere else."""
    tokens = _TAG.split(html)
    quotes = _Quotes()
    verbatim: list[str] = []
    formula = False
    heading = 0
    for index, token in enumerate(tokens):
        if index % 2:
            name_match = _NAME.match(token)
            name = name_match[1].lower() if name_match else ""
            closing = token.startswith("</")
            if formula:
                formula = not closing
            elif not verbatim and _FORMULA.match(token):
                formula = True
            elif name in _VERBATIM:
                if not closing:
                    verbatim.append(name)
                elif name in verbatim:
                    verbatim.remove(name)
            elif name in _HEADINGS:
                heading += -1 if closing else 1
            if name not in _INLINE and name:
                quotes.reset()
            continue
        if not token:
            continue
        if verbatim or formula:
            quotes.before = "x"
            continue
        text = _spaces(quotes.turn(token))
        if _inline_next(tokens, index):
            text = _SHORT_AT_END.sub(r"\1" + NBSP, text)
        tokens[index] = text if heading else soften(text)
    return "".join(tokens)
