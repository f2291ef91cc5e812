"""A learner's exception told to the learner: their own frames, line numbers, and what it means."""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox.guest.loop import TimeStandsStill

FRAMES = 8  # the innermost ones: a recursion has a thousand
MESSAGE = 1000  # characters
MEMBERS = 1000  # exceptions of a group that are looked at
TOO_DEEP = "файл слишком велик или вложен слишком глубоко для компилятора Python"

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


class TooDeep(SyntaxError):
    """The compiler gave up on a file; it says no more than MemoryError or RecursionError itself."""


def understood(error: BaseException, folder: Path) -> BaseException:
    """The exception to tell of: the compiler's own MemoryError and RecursionError are not the program's.

    Which it was is found by compiling the files again: its exception holds neither words nor a frame.
    """
    if isinstance(error, MemoryError | RecursionError) and not _raised_in(error.__traceback__, folder):
        for path in sorted(folder.glob("*.py")):
            try:
                compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            except (MemoryError, RecursionError):
                place = (str(path), None, None, None)
                return TooDeep(TOO_DEEP, place)
            except Exception:  # noqa: S112 - another file's fault, which was not met
                continue
    return error


def _raised_in(trace: TracebackType | None, folder: Path) -> bool:
    """Whether the learner's own code was at work, and not at an import."""
    frames = _frames(trace, folder)
    return bool(frames) and not re.match(r"(import|from)\b|.*import_module\(", frames[-1][3])


def describe(error: BaseException, folder: Path) -> dict[str, Any]:
    """The fields of a `problem` event. `line` and `file` are of the innermost frame in `folder`, or None."""
    whole = error
    error, others = member(whole)
    if isinstance(error, SyntaxError):
        told: dict[str, Any] | None = _quietly(lambda: _syntax(error, folder), None)
        if told is not None:
            return told
    frames = _quietly(lambda: _frames(error.__traceback__ or whole.__traceback__, folder), [])
    name, line = (frames[-1][0], frames[-1][1]) if frames else (None, None)
    message = _quietly(lambda: _message(error), "у этого исключения нет текста, который можно прочесть")
    return {
        "error": _cut(_name(error), 100),
        "message": _cut(_cut(message) + (f" (и ещё ошибок вместе с ней: {others})" if others else "")),
        "file": name,
        "line": line,
        "trace": [_told(*frame) for frame in frames[-FRAMES:]],
    }


def member(error: BaseException) -> tuple[BaseException, int]:
    """The first exception of a group (of a TaskGroup, say) and how many there are beside it."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < MEMBERS:
        one = waiting.pop()
        if isinstance(one, BaseExceptionGroup):
            waiting += reversed(BaseExceptionGroup.exceptions.__get__(one))  # whatever a subclass says
        else:
            found.append(one)
    return (found[0], len(found) - 1) if found else (error, 0)


def _quietly(read: Callable[[], Any], otherwise: Any) -> Any:
    """Reading a learner's exception runs their code, which may raise anything."""
    try:
        return read()
    except MemoryError:
        raise
    except BaseException:
        return otherwise


def _name(error: BaseException) -> str:
    """The name of its class, whatever a metaclass says."""
    return str(type.__dict__["__name__"].__get__(type(error)))


def _message(error: BaseException) -> str:
    own = str.__str__(str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error))
    if isinstance(error, TimeStandsStill):
        return own
    if type(error) is ImportError and error.name and error.path and (wanted := _wanted(error)):
        return f"в {Path(error.path).name} нет имени «{wanted}», а сценарий его импортирует"
    # asyncio's TimeoutError is an OSError too: the last fitting row that is most exact wins.
    fitting = [row for row in _MEANINGS if isinstance(error, row[0])]
    if not fitting:
        return own or _name(error)
    meaning = min(fitting, key=lambda row: type.mro(type(error)).index(row[0]))[1]
    return f"{meaning}: {own}" if own and not isinstance(error, SystemExit | KeyboardInterrupt) else meaning


def _wanted(error: ImportError) -> str:
    """The name that `from module import name` did not find; Python 3.11 keeps it only in the message."""
    found = re.match(r"cannot import name '(\w+)'", error.msg or "")
    return found[1] if found else ""


def _syntax(error: SyntaxError, folder: Path) -> dict[str, Any]:
    """Its fields may be anything when it was not the compiler that raised it."""
    if isinstance(error, TooDeep):
        meaning, kind = "", "SyntaxError"
    else:
        meanings = {
            "IndentationError": "ошибка в отступах: ",
            "TabError": "отступы из пробелов и табуляций вперемешку: ",
        }
        kind = _name(error)
        meaning = meanings.get(kind, "синтаксическая ошибка: ")
    line = error.lineno if type(error.lineno) is int and abs(error.lineno) < 2**31 else None
    name = _own(error.filename if type(error.filename) is str else "", folder)
    text = error.text.strip() if type(error.text) is str else ""
    return {
        "error": _cut(kind, 100),
        "message": _cut(f"{meaning}{error.msg}"),
        "file": name,
        "line": line,
        "trace": [_told(name, line, "", text)] if name and line else [],
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
