"""Short Markdown inside TOML files and small Markdown files, rendered with their mistakes located."""

from __future__ import annotations

import re
from pathlib import Path

from lessons.loader.problems import Problems
from lessons.loader.table import Table
from lessons.markdown import Renderer


class Texts:
    """Renders strings of tables for one lesson."""

    def __init__(self, renderer: Renderer, problems: Problems) -> None:
        self.renderer = renderer
        self.problems = problems

    def block(self, table: Table, key: str, *, required: bool = True) -> str:
        """A field of paragraphs, as HTML."""
        text = table.string(key, required=required)
        html, faults = self.renderer.fragment(text)
        for fault in faults:
            table.problem(key, fault.text, fault.remedy)
        return html

    def line(self, table: Table, key: str, *, required: bool = True) -> str:
        """A field of one line, as inline HTML."""
        text = table.string(key, required=required)
        return self.inline(table, key, text) if text else ""

    def lines(self, table: Table, key: str, *, required: bool = False) -> list[str]:
        """A field of several lines, each as inline HTML."""
        return [self.inline(table, key, text) for text in table.strings(key, required=required)]

    def inline(self, table: Table, key: str, text: str) -> str:
        html, faults = self.renderer.inline(text)
        for fault in faults:
            table.problem(key, fault.text, fault.remedy)
        return html

    def file(self, path: Path) -> str:
        """A whole Markdown file without blocks, as HTML. A missing or empty one is a problem."""
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if not text.strip():
            self.problems.add(path, 0, "файла нет или он пуст", "напишите его")
            return ""
        html, faults = self.renderer.fragment(text)
        self.problems.add_faults(path, faults)
        return html

    def sections(self, path: Path) -> list[dict[str, str]]:
        """A Markdown file cut at its `##` headings: [{title, html}]. A missing file has none."""
        if not path.exists():
            return []
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^##[ \t]+(.+?)[ \t]*$", text, flags=re.M)
        if parts[0].strip():
            self.problems.add(path, 1, "текст до первого заголовка", "начните файл с «## Название подсказки»")
        if len(parts) == 1:
            self.problems.add(
                path, 0, "нет ни одного заголовка «##»", "каждая подсказка начинается с «## Название»"
            )
        sections = []
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            html, faults = self.renderer.fragment(body.strip())
            offset = text.count("\n", 0, text.find(title)) + 1
            self.problems.add_faults(path, faults, offset=offset)
            sections.append({"title": self.renderer.inline(title)[0], "html": html})
        return sections
