"""`manage.py sandbox doctor`: try every promise of the sandbox on this machine."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sandbox import doctor


class Command(BaseCommand):
    """Exit code 1 when a promise does not hold: learners' code must not be run here."""

    help = "Проверяет песочницу на этой машине."
    requires_system_checks: list[str] = []  # it must speak on a machine where nothing else works

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["doctor"], help="doctor: попробовать каждое обещание песочницы")
        parser.add_argument("--quick", action="store_true", help="только то, что проверяет make run")

    def handle(self, *_: Any, **options: Any) -> None:
        sys.exit(doctor.main(fully=not options["quick"]))
