"""A TOML table read key by key: wrong types, missing and unknown keys become problems with their line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lessons.loader.problems import Problems

_AT = re.compile(r"\(at line (\d+), column \d+\)")
_HEADER = re.compile(r"^\s*\[")
T = TypeVar("T")
_NAMES: dict[type, str] = {
    str: "строка в кавычках",
    int: "целое число",
    bool: "true или false",
    list: "список [ … ]",
}


@dataclass
class Source:
    """The text a table came from. `offset` lines stand above it in the file."""

    path: Path
    text: str
    problems: Problems
    offset: int = 0
    _lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.text.split("\n")

    def line(self, number: int) -> int:
        return number + self.offset

    def find(self, pattern: str, nth: int = 0, start: int = 0) -> int:
        """Number, from 1, of the nth line at or after `start` that matches; 0 when there is none."""
        for n, text in enumerate(self._lines[start:], start + 1):
            if re.match(pattern, text):
                if nth == 0:
                    return n
                nth -= 1
        return 0

    def key(self, name: str, header: int) -> int:
        """Line of `name = …` in the table whose header is at line `header`, or the header itself."""
        wanted = re.compile(rf"\s*{re.escape(name)}\s*=")
        for n, text in enumerate(self._lines[header:], header + 1):
            if wanted.match(text):
                return n
            if _HEADER.match(text) and not text.rstrip().endswith(","):
                break
        return header or 1


SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass
class Table:
    """One table and where it is. Every reader returns None (or the default) when the value is no good."""

    data: dict[str, Any]
    source: Source
    header: int = 0
    path: str = ""
    _read: set[str] = field(default_factory=set)

    def problem(self, key: str, text: str, remedy: str) -> None:
        line = self.source.key(key, self.header) if key else max(self.header, 1)
        self.source.problems.add(self.source.path, self.source.line(line), text, remedy)

    def _value(self, key: str, kinds: tuple[type, ...], required: bool) -> Any:
        self._read.add(key)
        expected = " или ".join(dict.fromkeys(_NAMES.get(kind, "число") for kind in kinds))
        if key not in self.data:
            if required:
                where = f" в [{self.path}]" if self.path else ""
                self.problem("", f"нет поля «{key}»{where}", f"добавьте «{key} = …» ({expected})")
            return None
        value = self.data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.problem(key, f"«{key}» — не то, что нужно: {value!r}", f"здесь нужно: {expected}")
            return None
        return value

    def string(self, key: str, *, required: bool = True, default: str = "") -> str:
        value = self._value(key, (str,), required)
        if isinstance(value, str) and not value.strip():
            self.problem(
                key, f"«{key}» — пустая строка", "напишите текст" + ("" if required else " или уберите поле")
            )
        return value.strip() if isinstance(value, str) else default

    def slug(self, key: str) -> str:
        """A name fit for addresses and anchors."""
        name = self.string(key)
        if name and not SLUG.fullmatch(name):
            self.problem(key, f"«{name}» не годится", "только латинские буквы, цифры и дефис")
        return name

    def number(
        self, key: str, *, required: bool = True, default: float = 0.0, low: float = -1e9, high: float = 1e9
    ) -> float:
        value = self._value(key, (int, float), required)
        if value is None:
            return default
        if not low <= value <= high:
            self.problem(key, f"«{key}» = {value}", f"нужно число от {low:g} до {high:g}")
            return default
        return float(value) if isinstance(value, float) else int(value)

    def whole(
        self, key: str, *, required: bool = True, default: int = 0, low: int = 0, high: int = 10**9
    ) -> int:
        value = self._value(key, (int,), required)
        if value is None:
            return default
        if not low <= value <= high:
            self.problem(key, f"«{key}» = {value}", f"нужно целое число от {low} до {high}")
            return default
        return int(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self._value(key, (bool,), False)
        return default if value is None else bool(value)

    def one_of(self, key: str, choices: Iterable[str], *, required: bool = True, default: str = "") -> str:
        value = self.string(key, required=required, default=default)
        allowed = list(choices)
        if value and value not in allowed:
            self.problem(key, f"«{key}» = «{value}»", f"нужно одно из: {', '.join(allowed)}")
            return default or allowed[0]
        return value

    def strings(self, key: str, *, required: bool = False) -> list[str]:
        value = self._value(key, (list,), required)
        if value is None:
            return []
        if not all(isinstance(item, str) and item.strip() for item in value):
            self.problem(key, f"«{key}» — список не из строк", "все элементы — непустые строки в кавычках")
            return []
        return [item.strip() for item in value]

    def raw(self, key: str) -> Any:
        """The value as it is; the caller checks it."""
        self._read.add(key)
        return self.data.get(key)

    def table(self, key: str, *, required: bool = False) -> Table | None:
        self._read.add(key)
        value = self.data.get(key)
        path = f"{self.path}.{key}" if self.path else key
        if isinstance(value, dict):
            dotted = (
                r"\.".join(rf'\s*"?{re.escape(part)}"?\s*' for part in path.split("."))
                if "." not in key
                else (rf'.*"{re.escape(key)}"\s*')
            )
            return Table(value, self.source, self.source.find(rf"\s*\[{dotted}\]") or self.header, path)
        if value is not None or required:
            self.problem(
                key if value is not None else "", f"нет таблицы [{path}]", f"добавьте «[{path}]» и её поля"
            )
        return None

    def keyed(self, key: str) -> Iterator[tuple[str, Table]]:
        """Sub-tables of `[key.name]`."""
        self._read.add(key)
        group = self.data.get(key)
        if group is None:
            return
        if not isinstance(group, dict):
            self.problem(key, f"«{key}» — не таблица", f"пишите «[{key}.имя]»")
            return
        parent = Table(group, self.source, self.header, f"{self.path}.{key}" if self.path else key)
        for name, value in group.items():
            if isinstance(value, dict):
                found = parent.table(name)
                if found is not None:
                    yield name, found
            else:
                self.problem(name, f"«{key}.{name}» — не таблица", f"пишите «[{key}.{name}]»")

    def tables(self, key: str, *, required: bool = False) -> list[Table]:
        """An array of tables `[[key]]`."""
        self._read.add(key)
        value = self.data.get(key)
        path = f"{self.path}.{key}" if self.path else key
        if value is None:
            if required:
                self.problem("", f"нет ни одной таблицы [[{path}]]", f"добавьте «[[{path}]]» и её поля")
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.problem(key, f"«{key}» — не список таблиц", f"пишите «[[{path}]]»")
            return []
        header = rf"\s*\[\[\s*{re.escape(path)}\s*\]\]"
        start = self.header if self.path else 0
        return [
            Table(
                item,
                self.source,
                self.source.find(header, n, start) or self.source.key(key, self.header),
                path,
            )
            for n, item in enumerate(value)
        ]

    def done(self) -> None:
        """Complain about keys nobody asked for: most likely a slip of the pen."""
        for key in self.data:
            if key not in self._read:
                known = ", ".join(sorted(self._read))
                self.problem(key, f"поля «{key}» нет", f"есть такие: {known}")


def parse(path: Path, problems: Problems, text: str | None = None, offset: int = 0) -> Table | None:
    """Parse a file, or `text` of it, `offset` lines down. None, and a problem, when it is not TOML."""
    if text is None:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            problems.add(path, 0, f"файл не в UTF-8: {error.reason}", "сохраните его в UTF-8")
            return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        why = _AT.sub("", str(error)).strip()
        problems.add(
            path,
            line + offset,
            f"это не TOML: {why}",
            "поправьте эту строку: ключ = значение, строки в кавычках",
        )
        return None
    return Table(data, Source(path, text, problems, offset))
