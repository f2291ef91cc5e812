"""`manage.py loadcourse`: check the content, render it, make it live."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lessons.loader import CourseInvalid, load_course


class Command(BaseCommand):
    requires_system_checks = ()  # the content is what is checked here
    help = (
        "Проверяет content/, верстает уроки и сохраняет курс одной транзакцией. Ошибки показывает все сразу."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("root", nargs="?", type=Path, help="папка с курсом; по умолчанию content/")

    def handle(self, *args: Any, root: Path | None = None, **options: Any) -> None:
        try:
            report = load_course(root.resolve() if root else None)
        except CourseInvalid as invalid:
            for problem in invalid.problems:
                self.stderr.write(str(problem))
            raise CommandError(
                f"Курс не загружен, на сайте остался прежний. Ошибок: {len(invalid.problems)}."
            ) from None
        self.stdout.write(str(report))
