"""In development a saved file shows on the next reload, and a mistake in it above the old page."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from django.conf import settings

from lessons.loader.course import load_course
from lessons.loader.problems import CourseInvalid, Problem

_lock = threading.Lock()
_seen: int | None = None
_problems: tuple[Problem, ...] = ()


def newest(root: Path) -> int:
    """A number that changes whenever a file under `root` is saved, added or removed."""
    mark = 0
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        for name in files:
            try:
                status = os.stat(os.path.join(folder, name))
            except FileNotFoundError:  # an editor is saving it right now
                continue
            mark = hash((mark, name, status.st_mtime_ns, status.st_size))
    return mark


def problems() -> tuple[Problem, ...]:
    """Load the course again if a file was saved since the last look. Returns the mistakes, if any.

    About 0.5 ms when nothing changed (60 files).
    """
    global _seen, _problems  # noqa: PLW0603 — one look per process
    mark = newest(Path(settings.CONTENT_DIR))
    if mark == _seen:
        return _problems
    with _lock:
        if mark != _seen:
            try:
                load_course()
                _problems = ()
            except CourseInvalid as invalid:
                _problems = invalid.problems
            _seen = mark
    return _problems
