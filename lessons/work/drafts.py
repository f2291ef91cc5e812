"""Code that people type: versions are kept as long as there is `room`, and nobody's text is overwritten."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction

from lessons.models.work import CodeVersion, Slot
from lessons.work import room
from lessons.work.errors import BadRequest, Conflict, NotFound, TooLarge
from lessons.work.owners import Owner

MAX_BYTES = 64 * 1024  # UTF-8; forty times the longest reference of the course
TRIES = 3


@dataclass(frozen=True, slots=True)
class Saved:
    """A version to read: `version` is 0 when nothing was saved yet."""

    version: int
    text: str
    saved_at: str | None

    def to_json(self) -> dict[str, Any]:
        return {"version": self.version, "text": self.text, "saved_at": self.saved_at}


def as_saved(version: CodeVersion) -> Saved:
    return Saved(version.n, version.text, version.saved_at.isoformat())


def check_text(text: str) -> str:
    """Give the text as we keep it (line ends `\\n`). Raises TooLarge and BadRequest."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise TooLarge(
            f"Код не помещается: {size / 1024:.0f}\u00a0КиБ при пределе {MAX_BYTES // 1024}\u00a0КиБ. "
            "Он остался на\u00a0странице, но\u00a0не\u00a0сохранён\u00a0— сократите его.",
            fields={"text": f"не больше {MAX_BYTES // 1024}\u00a0КиБ"},
        )
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadRequest(
            "В\u00a0коде есть непечатаемый символ, который нельзя сохранить.",
            fields={"text": "лишний символ"},
        )
    return text


def sha(text: str) -> str:
    """The name of a text: SHA-256 of its UTF-8, in hex."""
    return hashlib.sha256(check_text(text).encode()).hexdigest()


def find(owner: Owner, lesson: str, text: str) -> CodeVersion | None:
    """The latest version of this very text in any slot of the lesson, if the owner has one."""
    return CodeVersion.objects.filter(owner.where(), lesson=lesson, sha=sha(text)).order_by("-id").first()


def check_slot(slot: str) -> str:
    if slot not in Slot.values:
        raise NotFound("Такого редактора в\u00a0уроке нет.")
    return slot


def versions(owner: Owner, lesson: str, slot: str) -> models.QuerySet[CodeVersion]:
    """All versions of a slot, the newest first."""
    return CodeVersion.objects.filter(owner.where(), lesson=lesson, slot=check_slot(slot)).order_by("-n")


def newest(owner: Owner, lesson: str, slot: str) -> CodeVersion | None:
    """The current text of a slot, or None if nothing was saved."""
    return versions(owner, lesson, slot).filter(aside=False).first()


def version(owner: Owner, lesson: str, slot: str, n: int) -> CodeVersion:
    """One version by number. Raises NotFound."""
    found = versions(owner, lesson, slot).filter(n=n).first()
    if found is None:
        raise NotFound("Такой версии нет.")
    return found


def save(owner: Owner, lesson: str, slot: str, text: str, base: int | None = None) -> CodeVersion:
    """Keep `text`, typed on top of version `base` (0: on top of nothing; None: whatever is newest).

    The same text again makes no new version. Raises Conflict when `base` is not the newest and the
    text differs: the text is then kept aside, and the error carries the newest version. Raises DraftsFull and
    OverQuota when there is no room.
    """
    text = check_text(text)
    check_slot(slot)
    if not owner.known:
        raise ValueError("a draft needs an owner: ask owners.of_request(create=True)")
    for left in range(TRIES - 1, -1, -1):
        try:
            kept, current = _save(owner, lesson, slot, text, base)
            break
        except IntegrityError:  # another tab took the number between our look and our insert
            if not left:
                raise
    if current is not None:
        raise Conflict(
            "Этот код уже изменили в\u00a0другой вкладке. Обе версии целы: выберите одну.",
            theirs=as_saved(current).to_json(),
            kept=kept.n,
        )
    return kept


@transaction.atomic
def _save(
    owner: Owner, lesson: str, slot: str, text: str, base: int | None
) -> tuple[CodeVersion, CodeVersion | None]:
    """Returns the kept version and, on a conflict, the newest one."""
    current = newest(owner, lesson, slot)
    digest = sha(text)
    if current is not None and current.sha == digest:
        return current, None
    newest_n = current.n if current is not None else 0
    aside = base is not None and base != newest_n
    mine = versions(owner, lesson, slot)
    if aside:
        same = mine.filter(aside=True, sha=digest, n__gt=newest_n).first()
        if same is not None:
            return same, current
        if current is None:  # `base` names a version that is not there: nothing to conflict with
            aside = False
    size = len(text.encode())
    room.make(owner, size)
    last = mine.aggregate(n=models.Max("n"))["n"] or 0
    kept = CodeVersion.objects.create(
        **owner.columns(), lesson=lesson, slot=slot, n=last + 1, text=text, size=size, sha=digest, aside=aside
    )
    return kept, current if aside else None


def restore(owner: Owner, lesson: str, slot: str, n: int) -> CodeVersion:
    """Make an old version the newest again, as a new version. Raises NotFound."""
    old = version(owner, lesson, slot, n)
    return save(owner, lesson, slot, old.text)
