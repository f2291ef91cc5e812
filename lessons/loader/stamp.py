"""A file whose modification time tells the web processes of this host that the course changed.

`coursesite.pagecache` looks at it. Hosts that do not share the folder notice by the age of their pages.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings


def path() -> Path:
    """Where the stamp is."""
    return Path(settings.VAR) / "course.stamp"


def touch() -> None:
    """Say that the course changed."""
    stamp = path()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text("")
