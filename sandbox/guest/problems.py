"""A learner's exception told to the learner: their own frames, line numbers, and what it means."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.guest.loop import TimeStandsStill

FRAMES = 8  # the innermost ones: a recursion has a thousand
MESSAGE = 1000  # characters

_MEANINGS: tuple[tuple[type[BaseException], str], ...] = (
    (ModuleNotFoundError, "такого модуля в песочнице нет"),
    (ImportError, "не удалось импортировать"),
    (NameError, "имя не определено"),
    (RecursionError, "функция вызывает сама себя без конца"),
    (MemoryError, "памяти не хватило"),
    (SystemExit, "код вызвал exit() и закончил прогон сам"),
    (KeyboardInterrupt, "код прервал себя сам (KeyboardInterrupt)"),
    (PermissionError, "песочница этого не разрешает"),
    (FileNotFoundError, "такого файла в песочнице нет"),
    (ConnectionError, "соединение не удалось: из песочницы доступна только она сама"),
    (OSError, "система отказала"),
    (TimeoutError, "время ожидания вышло"),
)


def describe(error: BaseException, folder: Path) -> dict[str, Any]:
    """The fields of a `problem` event. `line` and `file` are of the innermost frame in `folder`, or None."""
    if isinstance(error, SyntaxError):
        return _syntax(error, folder)
    frames = _frames(error.__traceback__, folder)
    name, line = (frames[-1][0], frames[-1][1]) if frames else (None, None)
    return {
        "error": _cut(type(error).__name__, 100),
        "message": _cut(_message(error)),
        "file": name,
        "line": line,
        "trace": [_told(*frame) for frame in frames[-FRAMES:]],
    }


def _message(error: BaseException) -> str:
    own = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, TimeStandsStill):
        return own
    if type(error) is ImportError and error.name and error.path and (wanted := _wanted(error)):
        return f"в {Path(error.path).name} нет имени «{wanted}», а сценарий его импортирует"
    # asyncio's TimeoutError is an OSError too: the last fitting row that is most exact wins.
    fitting = [row for row in _MEANINGS if isinstance(error, row[0])]
    if not fitting:
        return own or type(error).__name__
    meaning = min(fitting, key=lambda row: type(error).__mro__.index(row[0]))[1]
    return f"{meaning}: {own}" if own and not isinstance(error, SystemExit | KeyboardInterrupt) else meaning


def _wanted(error: ImportError) -> str:
    """The name that `from module import name` did not find; Python 3.11 keeps it only in the message."""
    found = re.match(r"cannot import name '(\w+)'", error.msg or "")
    return found[1] if found else ""


def _syntax(error: SyntaxError, folder: Path) -> dict[str, Any]:
    kind = {"IndentationError": "ошибка в отступах", "TabError": "отступы из пробелов и табуляций вперемешку"}
    meaning = kind.get(type(error).__name__, "синтаксическая ошибка")
    name = _own(error.filename or "", folder)
    text = (error.text or "").strip()
    return {
        "error": type(error).__name__,
        "message": _cut(f"{meaning}: {error.msg}"),
        "file": name,
        "line": error.lineno,
        "trace": [_told(name, error.lineno, "", text)] if name and error.lineno else [],
    }


def _frames(trace: TracebackType | None, folder: Path) -> list[tuple[str, int, str, str]]:
    found = []
    for frame, number in traceback.walk_tb(trace):
        code = frame.f_code
        if name := _own(code.co_filename, folder):
            found.append((name, number, code.co_name, linecache.getline(code.co_filename, number).strip()))
    return found


def _own(path: str, folder: Path) -> str | None:
    """The file's name when it lies in the learner's folder."""
    try:
        return str(Path(path).relative_to(folder))
    except ValueError:
        return None


def _told(name: str, line: int, function: str, text: str) -> str:
    where = f", в {function}" if function and function != "<module>" else ""
    return _cut(f"{name}, строка {line}{where}: {text}", 300)


def _cut(text: str, length: int = MESSAGE) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
