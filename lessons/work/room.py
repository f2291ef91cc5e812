"""How much of what people typed is kept, and what goes first when it is too much.

The editor saves after every pause in typing, so an hour of work is hundreds of versions that differ by a
word. When somebody's room is full, those go that nobody would miss: never the newest of an editor, never one
that was run, handed in or put aside by a conflict. Only when nothing but those is left is a text refused,
and it then stays on the page and in the browser.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Sum
from django.utils import timezone
from redis.exceptions import RedisError

from lessons.models.work import CodeVersion, LessonRun, Submission
from lessons.work.errors import DraftsFull, OverQuota
from lessons.work.owners import Owner
from lessons.work.words import span

log = logging.getLogger(__name__)

MIB = 1024 * 1024
HOUR = 3600  # s


@dataclass(frozen=True, slots=True)
class Room:
    """Versions one owner may keep, and their bytes (UTF-8) together."""

    versions: int
    bytes: int


# The longest code of the course is 8 KB; who saves it after each pause of typing, say 500 times an hour, has
# filled a guest's room in two hours and a user's in sixteen. Most lessons' code is a third of that.
USER = Room(versions=20_000, bytes=64 * MIB)
GUEST = Room(versions=2_000, bytes=8 * MIB)
LEFT = 0.8  # thinned out down to this share: looking through all versions is rare
WORKING = timedelta(minutes=10)  # a version replaced sooner was a moment of typing, not a state of work
# What all guests of one address may save in an hour: sixty such hours; a flood of made-up guests ends here.
ADDRESS_AN_HOUR = 256 * MIB
# A guest's key lives in their session: once that has ended, nobody can open these drafts any more.
SLACK = timedelta(days=7)


def of(owner: Owner) -> Room:
    return GUEST if owner.user is None else USER


def make(owner: Owner, size: int) -> None:
    """See to it that one more version of `size` bytes fits. Call inside a transaction.

    Raises DraftsFull, and OverQuota for too many guests of one address.
    """
    _count_address(owner, size)
    room = of(owner)
    mine = CodeVersion.objects.filter(owner.where())
    held = mine.aggregate(count=Count("pk"), bytes=Sum("size"))
    count, total = held["count"] + 1, (held["bytes"] or 0) + size
    if count <= room.versions and total <= room.bytes:
        return
    going: list[int] = []
    for pk, bytes_ in _expendable(mine):
        if count <= room.versions * LEFT and total <= room.bytes * LEFT:
            break
        going.append(pk)
        count, total = count - 1, total - bytes_
    if count > room.versions or total > room.bytes:
        raise _full(owner)
    log.info("%d versions thinned out", len(going))
    CodeVersion.objects.filter(pk__in=going).delete()


def _expendable(mine: QuerySet[CodeVersion]) -> list[tuple[int, int]]:
    """Keys and bytes of what may go, the least missed first: moments of typing, then the rest, by age."""
    rows = mine.annotate(
        used=Exists(LessonRun.objects.filter(code=OuterRef("pk")))
        | Exists(Submission.objects.filter(code=OuterRef("pk")))
    )
    lines: Any = rows.order_by("lesson", "slot", "-n").values_list(
        "lesson", "slot", "pk", "size", "saved_at", "aside", "used"
    )
    found: list[tuple[bool, datetime, int, int]] = []
    for _, versions in groupby(lines, key=lambda line: line[:2]):
        replaced: datetime | None = None  # when, by the version after
        for _, _, pk, size, saved_at, aside, used in versions:
            if aside:
                continue
            if replaced is not None and not used:
                found.append((replaced - saved_at > WORKING, saved_at, pk, size))
            replaced = saved_at
    return [(pk, size) for _, _, pk, size in sorted(found)]


def _full(owner: Owner) -> DraftsFull:
    room = of(owner)
    remedy = (
        f"Войдите: там места больше, {USER.bytes // MIB}\u00a0МиБ."
        if owner.user is None
        else "Скопируйте его к\u00a0себе и\u00a0напишите преподавателю."
    )
    return DraftsFull(
        f"Ваши версии кода заняли всё место: {room.bytes // MIB}\u00a0МиБ. "
        f"Этот код остался на\u00a0странице, но\u00a0не\u00a0сохранён. {remedy}"
    )


def _count_address(owner: Owner, size: int) -> None:
    if owner.user is not None or not owner.address:
        return
    now = time.time()
    key = f"typed:{owner.address}:{int(now // HOUR)}"
    try:
        cache.add(key, 0, 2 * HOUR)
        saved = cache.incr(key, size)
    except (RedisError, OSError, ValueError):  # the site must not lose a text because its counter is away
        return
    if saved > ADDRESS_AN_HOUR:
        wait = HOUR - now % HOUR
        raise OverQuota(
            f"Из\u00a0вашей сети за\u00a0этот час сохранили слишком много кода: это общий предел гостей "
            f"с\u00a0одного адреса. Снова можно через {span(wait)}, а\u00a0если войти\u00a0— сразу. "
            "Ваш код остался на\u00a0странице.",
            code="too_much_code",
            retry_after=int(wait) + 1,
            login=True,
        )


def expire() -> int:
    """Delete the drafts of guests whose sessions have ended: how many. What was run stays with its run."""
    horizon = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE) - SLACK
    of_guests = CodeVersion.objects.filter(user__isnull=True).exclude(guest="")
    gone = of_guests.values("guest").annotate(last=Max("saved_at")).filter(last__lt=horizon).values("guest")
    unused = ~Exists(LessonRun.objects.filter(code=OuterRef("pk")))
    deleted, _ = of_guests.filter(unused, guest__in=gone).delete()
    return deleted
