"""`manage.py newlesson scaling token-shed`: a folder that works at once, to be rewritten part by part."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from lessons.loader.folders import ChapterFolder, discover
from lessons.loader.problems import Problems
from lessons.loader.table import SLUG

TEMPLATE = settings.BASE_DIR / "content" / "_template"


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Заводит папку урока: текст-заготовку, эталон, демо, сцену, задание с проверками, тесты и запись. "
        "Всё это сразу работает; остаётся заменить своим."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("chapter", help="имя главы в адресе, например scaling")
        parser.add_argument("slug", help="имя урока в адресе, например token-shed")
        parser.add_argument("--title", help="название; для запланированного урока берётся из главы")
        parser.add_argument("--root", type=Path, help="папка с курсом; по умолчанию content/")

    def handle(
        self,
        *args: Any,
        chapter: str,
        slug: str,
        title: str | None = None,
        root: Path | None = None,
        **options: Any,
    ) -> None:
        root = (root or Path(settings.CONTENT_DIR)).resolve()
        chapters = {one.slug: one for one in discover(root, Problems(root))}
        if chapter not in chapters:
            raise CommandError(f"Главы «{chapter}» нет. Есть такие: {', '.join(chapters)}.")
        if not SLUG.fullmatch(slug):
            raise CommandError(f"«{slug}» не годится для адреса: только латинские буквы, цифры и дефис.")
        if any(lesson.slug == slug for one in chapters.values() for lesson in one.lessons):
            raise CommandError(f"Урок «{slug}» уже есть.")
        number, title, aim = self._place(chapters[chapter], slug, title)
        folder = chapters[chapter].path / f"{number:02}-{slug}"
        words = {"__SLUG__": slug, "__TITLE__": title, "__AIM__": aim}
        for source in sorted(
            path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        ):
            target = folder / source.relative_to(TEMPLATE)
            if target.suffix == ".txt":  # a test, kept from being collected with the template
                target = target.with_name(f"test_{slug.replace('-', '_')}.py")
            target.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8")
            for mark, word in words.items():
                text = text.replace(mark, word)
            target.write_text(text, encoding="utf-8")
        call_command("recordlesson", slug, root=root, stdout=self.stdout)
        self.stdout.write(
            f"Готово: {folder.relative_to(root)}. Урок помечен черновиком: его показывает только «make run». "
            "Перепишите части одну за другой; docs/content.md говорит, из чего они состоят."
        )

    def _place(self, chapter: ChapterFolder, slug: str, title: str | None) -> tuple[int, str, str]:
        """Number, title and aim: the plan's, or the next free number."""
        for plan in chapter.planned:
            if plan.slug == slug:
                return plan.number, title or plan.title, plan.aim
        if not title:
            raise CommandError(f"Урока «{slug}» в планах главы нет: назовите его, --title «Название».")
        taken = [lesson.number for lesson in chapter.lessons] + [plan.number for plan in chapter.planned]
        return max(taken, default=0) + 1, title, "Одной фразой: какую беду это лечит"
