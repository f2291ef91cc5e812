"""Code as the reader sees it: labelled regions cut out, marker lines removed, Pygments colours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from lessons.markdown.faults import Fault

_MARKER = re.compile(r"^\s*#\s*\[(/?)([a-z][a-z0-9-]*)\]\s*$")


@dataclass(frozen=True, slots=True)
class Listing:
    """A source file without its marker lines. `regions` maps a label to its first and last line, from 1."""

    text: str
    regions: dict[str, tuple[int, int]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def region(self, label: str) -> tuple[str, int]:
        """Text of a region, common indent kept, and the number of its first line. Raises KeyError."""
        if not label:
            return self.text, 1
        first, last = self.regions[label]
        return "\n".join(self.text.split("\n")[first - 1 : last]) + "\n", first


def read(source: str) -> Listing:
    """Take the markers out. Unpaired and repeated labels become faults with their line in `source`."""
    kept: list[str] = []
    opened: dict[str, tuple[int, int]] = {}
    regions: dict[str, tuple[int, int]] = {}
    faults: list[Fault] = []
    for n, line in enumerate(source.split("\n"), 1):
        marker = _MARKER.match(line)
        if marker is None:
            kept.append(line)
            continue
        closes, label = marker.groups()
        if not closes:
            if label in opened or label in regions:
                faults.append(Fault(n, f"метка [{label}] уже была", "назовите участок иначе"))
            opened[label] = (len(kept) + 1, n)
        elif label not in opened:
            faults.append(
                Fault(n, f"[/{label}] закрывает участок, который не открыт", f"добавьте «# [{label}]» выше")
            )
        else:
            first, _ = opened.pop(label)
            last = len(kept)
            while last > first and not kept[last - 1].strip():
                last -= 1
            while first < last and not kept[first - 1].strip():
                first += 1
            regions[label] = (first, last)
    for label, (_, n) in opened.items():
        faults.append(Fault(n, f"участок [{label}] не закрыт", f"добавьте «# [/{label}]» ниже"))
    return Listing("\n".join(kept), regions, tuple(faults))


def lines(code: str) -> list[str]:
    """Python as one string of HTML a line, with Pygments' classes."""
    html: str = highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return html.rstrip("\n").split("\n")


def coloured(code: str) -> str:
    """Python as `<div class="highlight">` with Pygments' classes, one `<span class="line">` a line."""
    body = "\n".join(f'<span class="line">{line}</span>' for line in lines(code))
    return f'<div class="highlight"><pre tabindex="0"><code>{body}\n</code></pre></div>'
