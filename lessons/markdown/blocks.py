"""The blocks of a lesson: `/// demo`, `/// predict | id`, `/// pitfall | Title` and the others."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block

from lessons.markdown.faults import Fault

LISTED_FILES = ("reference.py", "naive.py", "demo.py", "exercise/starter.py")


@dataclass(frozen=True, slots=True)
class Placed:
    """A block found in the text, at `line` from 1."""

    name: str
    argument: str
    line: int


class _Marker(Block):  # type: ignore[misc]  # pymdownx is not typed
    """A block whose place is kept by a comment; the page fills it in when it is served."""

    ARGUMENT: bool | None = False

    def on_create(self, parent: ET.Element) -> ET.Element:
        return ET.SubElement(parent, "div", {"data-block": self.NAME, "data-argument": self.argument or ""})

    def on_markdown(self) -> str:
        return "raw"


class Demo(_Marker):
    NAME = "demo"


class Quiz(_Marker):
    NAME = "quiz"


class Exercise(_Marker):
    NAME = "exercise"


class Predict(_Marker):
    NAME = "predict"
    ARGUMENT = True


class _Aside(Block):  # type: ignore[misc]
    """A titled box of Markdown."""

    ARGUMENT: bool | None = True

    def on_create(self, parent: ET.Element) -> ET.Element:
        box = ET.SubElement(parent, "aside", {"class": self.NAME})
        if self.argument:
            ET.SubElement(box, "p", {"class": f"{self.NAME}-title"}).text = self.argument
        return box


class Pitfall(_Aside):
    NAME = "pitfall"


class Note(_Aside):
    NAME = "note"
    ARGUMENT = None


class More(Block):  # type: ignore[misc]
    NAME = "more"
    ARGUMENT = True

    def on_create(self, parent: ET.Element) -> ET.Element:
        box = ET.SubElement(parent, "details", {"class": "more"})
        ET.SubElement(box, "summary").text = self.argument
        return box


class ListingBlock(Block):  # type: ignore[misc]
    NAME = "listing"
    ARGUMENT = True

    def on_create(self, parent: ET.Element) -> ET.Element:
        file, _, label = (self.argument or "").partition("#")
        figure = ET.SubElement(
            parent, "figure", {"class": "listing", "data-file": file.strip(), "data-label": label.strip()}
        )
        ET.SubElement(figure, "figcaption")
        return figure

    def on_add(self, block: ET.Element) -> ET.Element:
        caption = block.find("figcaption")
        assert caption is not None
        return caption

    def on_markdown(self) -> str:
        return "span"


BLOCKS: tuple[type[Block], ...] = (Demo, Quiz, Exercise, Predict, Pitfall, Note, More, ListingBlock)
NAMES = tuple(block.NAME for block in BLOCKS)
WITH_ARGUMENT = frozenset({"predict", "pitfall", "more", "listing"})
WITHOUT_ARGUMENT = frozenset({"demo", "quiz", "exercise"})


class LessonBlocks(BlocksExtension):  # type: ignore[misc]  # pymdownx is not typed
    """Registers every block above."""

    def extendMarkdownBlocks(  # noqa: N802 — pymdownx's name
        self, md: Any, block_mgr: Any
    ) -> None:
        for block in BLOCKS:
            block_mgr.register(block, self.getConfigs())


_OPENS = re.compile(r"^\s{0,3}(/{3,})\s*([\w-]+)?\s*(?:\|\s*(.*?))?\s*$")
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")


def scan(text: str) -> tuple[list[Placed], list[Fault]]:
    """Find every block and every slip in them. pymdown leaves a bad block as plain text: we must not."""
    placed: list[Placed] = []
    faults: list[Fault] = []
    stack: list[tuple[str, Placed]] = []
    fence = ""
    for n, line in enumerate(text.split("\n"), 1):
        fenced = _FENCE.match(line)
        if fenced:
            if not fence:
                fence = fenced[1]
            elif fenced[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        opened = None if fence else _OPENS.match(line)
        if opened is None:
            continue
        slashes, name, argument = opened[1], opened[2], opened[3] or ""
        if name is None:
            if stack and stack[-1][0] == slashes:
                stack.pop()
            else:
                faults.append(Fault(n, f"«{slashes}» закрывает блок, который не открыт", "уберите строку"))
            continue
        block = Placed(name, argument, n)
        stack.append((slashes, block))
        if name not in NAMES:
            faults.append(Fault(n, f"блока «{name}» нет", f"есть такие: {', '.join(NAMES)}"))
            continue
        if name in WITH_ARGUMENT and not argument:
            faults.append(Fault(n, f"блоку «{name}» нужен аргумент", f"напишите «/// {name} | …»"))
        if name in WITHOUT_ARGUMENT and argument:
            faults.append(Fault(n, f"блок «{name}» пишется без аргумента", f"напишите «/// {name}»"))
        placed.append(block)
    for slashes, block in stack:
        faults.append(
            Fault(block.line, f"блок «{block.name}» не закрыт", f"добавьте строку «{slashes}» после него")
        )
    return placed, faults
