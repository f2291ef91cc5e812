"""Everything about the reader on one lesson page, so that the page itself is the same for everybody."""

from __future__ import annotations

from typing import Any

from lessons import catalog
from lessons.models.work import Slot
from lessons.work import drafts, progress, quota, submissions
from lessons.work.errors import NotFound
from lessons.work.owners import Owner

ATTEMPTS_SHOWN = 20


def describe(owner: Owner, lesson: str, csrf: str) -> dict[str, Any]:
    """The JSON of `GET lessons/{slug}/mine/`. A draft is None when nothing was saved. Raises NotFound."""
    try:
        catalog.lesson(lesson)
    except catalog.Unknown as error:
        raise NotFound(str(error)) from error
    kept = {slot: drafts.newest(owner, lesson, slot) for slot in Slot.values}
    return {
        "user": person(owner),
        "csrf": csrf,
        "quota": quota.describe(owner),
        "drafts": {
            slot: drafts.as_saved(version).to_json() if version is not None else None
            for slot, version in kept.items()
        },
        "progress": progress.describe(progress.of(owner, lesson)),
        "submissions": [
            submissions.brief(row) for row in submissions.attempts(owner, lesson)[:ATTEMPTS_SHOWN]
        ],
    }


def person(owner: Owner) -> dict[str, Any] | None:
    """The signed-in user as their own page shows them, or None for a guest."""
    if owner.user is None:
        return None
    return {"name": owner.user.get_short_name(), "email": owner.user.email, "staff": owner.user.is_staff}
