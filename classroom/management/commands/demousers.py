"""`manage.py demousers`: Алиса, Борис and Ева on a developer's machine."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classroom import demo


class Command(BaseCommand):
    help = "Создаёт учебных пользователей (только на своей машине: пароли известны всем)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="не печатать адреса и пароли")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or getattr(settings, "LOCAL", False)):
            raise CommandError(
                "demousers работает только с LOCAL=1 или DEBUG=1: пароли этих людей известны всем."
            )
        for person in demo.CAST:
            demo.ensure(person)
            role = "преподаватель" if person.instructor else "ученица"
            if not options["quiet"]:
                self.stdout.write(f"  {person.name:<6} {role:<14} {person.email:<24} {person.password}")
