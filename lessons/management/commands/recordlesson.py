"""`manage.py recordlesson circuit-breaker`: run the reference once and keep its log beside the lesson.

In virtual time the log is the same bytes every time, wherever it runs. Real components run in a real jail.
"""

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
from sandbox import host, recorder, root
from sandbox.guest import rehearsal
from sandbox.jail import Jail, JailFailed
from sandbox.jobs import DemoJob
from sandbox.limits import DEMO


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Прогоняет эталон урока по сценарию из demo.toml и пишет recording.jsonl.gz. "
        "В виртуальном времени тот же код даёт тот же файл, байт в байт; "
        "настоящие компоненты записываются в песочнице, и каждая запись новая."
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
            lines = "\n".join([*map(str, problems.found), *_problems(body)])
            raise CommandError(f"Прогон «{folder.slug}» не годится для записи.\n{lines}")
        same = "та же, что и была" if body == before else "новая"
        self.stdout.write(f"{folder.slug}: событий {built.events}, {len(body) / 1024:.1f} КиБ, {same}.")


def pack(demo: BuiltDemo) -> bytes:
    """Run the demo's story and return the log as gzip. Raises CommandError."""
    try:
        events = _play(demo)
    except (rehearsal.RehearsalFailed, recorder.NotRecorded) as error:
        raise CommandError(f"Прогон не дошёл до конца:\n{error}") from None
    except (host.Unconfined, root.RootFailed, JailFailed) as error:
        raise CommandError(f"Записать в песочнице не получилось: {error}") from None
    lines = (json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events)
    return gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)


def _problems(body: bytes) -> list[str]:
    """What the scenario itself stumbled over, with its trace."""
    events = map(json.loads, gzip.decompress(body).splitlines())
    return [
        "\n".join([f"{e.get('error')}: {e.get('message')}", *e.get("trace", ())])
        for e in events
        if e["kind"] == "problem"
    ]


def _play(demo: BuiltDemo) -> list[dict[str, Any]]:
    files = {"demo.py": demo.modules["demo.py"].text, "reference.py": demo.modules[f"{demo.variant}.py"].text}
    seed, duration, clock = demo.spec["seed"], demo.spec["duration"], demo.spec["clock"]
    controls = {c["name"]: c["default"] for c in demo.spec["controls"] if "default" in c}
    packages = demo.spec["packages"]
    if clock == "virtual":
        return rehearsal.run(
            files, seed=seed, duration=duration, controls=controls, script=demo.script, preload=packages
        )
    job = DemoJob(
        "recording",
        files,
        seed,
        duration,
        controls=controls,
        script=demo.script,
        clock=clock,
        preload=packages,
    )
    with Jail(host.find(Path(settings.VAR)), DEMO) as jail:
        jail.wait_ready()
        return recorder.record(jail, job)
