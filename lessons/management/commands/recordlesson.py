"""`manage.py recordlesson circuit-breaker`: run the reference once and keep its log beside the lesson."""

from __future__ import annotations

import gzip
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lessons.loader import recording
from lessons.loader.demo import BuiltDemo
from lessons.loader.demo import build as build_demo
from lessons.loader.folders import LessonFolder, discover
from lessons.loader.problems import Problems
from sandbox.guest import rehearsal


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Прогоняет эталон урока по сценарию из demo.toml и пишет recording.jsonl.gz. "
        "Тот же код даёт тот же файл, байт в байт."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="+", help="имя урока в адресе, например circuit-breaker")
        parser.add_argument("--root", type=Path, help="папка с курсом; по умолчанию content/")

    def handle(self, *args: Any, slug: list[str], root: Path | None = None, **options: Any) -> None:
        root = (root or Path(settings.CONTENT_DIR)).resolve()
        folders = {f.slug: f for chapter in discover(root, Problems(root)) for f in chapter.lessons}
        for name in slug:
            if name not in folders:
                raise CommandError(f"Урока «{name}» нет. Есть такие: {', '.join(sorted(folders))}.")
            self._record(root, folders[name])

    def _record(self, root: Path, folder: LessonFolder) -> None:
        problems = Problems(root)
        demo = build_demo(folder.path, folder.slug, problems)
        if demo is None or problems.found:
            lines = "\n".join(str(problem) for problem in problems.found) or "В уроке нет demo.toml."
            raise CommandError(f"Записать «{folder.slug}» нельзя.\n{lines}")
        body = pack(demo)
        path = folder.path / "recording.jsonl.gz"
        before = path.read_bytes() if path.exists() else b""
        path.write_bytes(body)
        built = recording.build(path, demo.spec, problems)
        if built is None:
            path.write_bytes(before) if before else path.unlink()
            lines = "\n".join(str(problem) for problem in problems.found)
            raise CommandError(f"Прогон «{folder.slug}» не годится для записи.\n{lines}")
        same = "та же, что и была" if body == before else "новая"
        self.stdout.write(f"{folder.slug}: событий {built.events}, {len(body) / 1024:.1f} КиБ, {same}.")


def pack(demo: BuiltDemo) -> bytes:
    """Run the demo's story and return the log as gzip, the same bytes every time.

    A demo with real components is recorded in the jail, not here: it raises CommandError.
    """
    if demo.spec["clock"] != "virtual":
        raise CommandError("Демонстрация идёт в реальном времени: её записывает песочница, а не эта команда.")
    files = {"demo.py": demo.modules["demo.py"].text, "reference.py": demo.modules[f"{demo.variant}.py"].text}
    try:
        events = rehearsal.run(
            files,
            seed=demo.spec["seed"],
            duration=demo.spec["duration"],
            controls={c["name"]: c["default"] for c in demo.spec["controls"] if "default" in c},
            script=demo.script,
        )
    except rehearsal.RehearsalFailed as error:
        raise CommandError(f"Прогон не дошёл до конца:\n{error}") from None
    lines = (json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events)
    return gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)
