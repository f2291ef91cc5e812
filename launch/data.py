"""What the site reads, made in one process because each start of Django costs a second.

Run inside the virtual environment: `python -m launch.data`.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from launch import console
from launch.console import say, step
from launch.setup import ROOT, digest, fresh


def command(title: str, *words: str) -> str:
    """One management command as a step, quiet unless it fails."""
    from django.core.management import call_command

    heard = io.StringIO()
    try:
        with step(title):
            call_command(*words, stdout=heard, stderr=heard)
    except BaseException:
        say(heard.getvalue().strip())
        raise
    return heard.getvalue()


def static_sources() -> list[Path]:
    """What `collectstatic` reads: the build, the apps' own folders, and what decides how it is laid out."""
    apps = sorted(app.parent / "static" for app in ROOT.glob("*/apps.py"))
    folders = [ROOT / "static" / "dist", *(folder for folder in apps if folder.is_dir())]
    site = ROOT / "coursesite"
    return [*folders, ROOT / "requirements.txt", site / "settings.py", site / "staticfiles.py"]


def main() -> int:
    import os

    import django
    from django.conf import settings
    from django.core.management import CommandError

    console.utf8()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coursesite.settings")
    django.setup()
    try:
        command("Готовлю базу данных", "migrate", "--no-input", "-v", "0")
        stamp = settings.STATIC_ROOT / ".stamp"
        value = digest(static_sources())
        if not fresh(stamp, value):
            command("Раскладываю статические файлы", "collectstatic", "--no-input", "-v", "0")
            stamp.write_text(value)
        command("Загружаю курс", "loadcourse")
        if settings.LOCAL:
            accounts = command("Завожу учебных пользователей", "demousers")
            (settings.VAR / "demo-accounts.txt").write_text(f"Кем войти:\n{accounts}")
    except CommandError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
