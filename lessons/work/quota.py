"""How much one may run: at once, in an hour and on the processor, per person and per network address."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from lessons.models.work import Grading, Judging, LessonRun, Submission, Variant
from lessons.work.errors import OverQuota
from lessons.work.owners import Owner
from lessons.work.words import plural, span

LIVE = ("queued", "starting", "running")
HOUR = timedelta(hours=1)
SOON = (
    5  # seconds after which a place may well be free: most demos are watched for longer, but many are stopped
)


@dataclass(frozen=True, slots=True)
class Bound:
    """Runs at once, runs started within any hour, and processor seconds of those that have ended."""

    at_once: int
    per_hour: int
    cpu: float


# A user may compare two runs side by side and start a third. A guest, two.
# A watched demo takes about 2 s of the processor, a judging under 1 s: who runs all they may for an hour
# stays far below their seconds; only code that is busy for nothing comes near: 30 and 10 runs up to
# `limits.DEMO.cpu`.
USER = Bound(at_once=3, per_hour=200, cpu=900.0)
GUEST = Bound(at_once=2, per_hour=60, cpu=300.0)
# One address may be a whole school, so this only stops a flood of made-up guests and accounts. The seconds:
# two cores.
ADDRESS = Bound(at_once=60, per_hour=2000, cpu=7200.0)
# A judging takes a worker for seconds; one solution a minute is faster than anybody thinks.
SUBMISSIONS = Bound(at_once=2, per_hour=60, cpu=USER.cpu)


def bound(owner: Owner) -> Bound:
    """This owner's bound; an instructor may have raised (or lowered) a user's in the admin."""
    if owner.user is None:
        return GUEST
    at_once, per_hour, cpu = owner.user.runs_at_once, owner.user.runs_per_hour, owner.user.cpu_per_hour
    return Bound(
        USER.at_once if at_once is None else at_once,
        USER.per_hour if per_hour is None else per_hour,
        USER.cpu if cpu is None else float(cpu),
    )


def lock(owner: Owner) -> None:
    """Let one request of this owner at a time look and then start. Call inside a transaction.

    SQLite's IMMEDIATE transactions are already one at a time; PostgreSQL needs a lock of its own.
    """
    if connection.vendor != "postgresql":
        return
    names = {f"user:{owner.user.pk}" if owner.user else f"guest:{owner.guest}", f"address:{owner.address}"}
    with connection.cursor() as cursor:
        for name in sorted(names):  # one order for all, or two requests could wait for each other
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(name.encode())])


def check(owner: Owner) -> None:
    """Raise OverQuota unless this owner may start one more run now."""
    limit = bound(owner)
    _check_runs(owner.where(), limit, "у\u00a0вас")
    _check_cpu(_spent(owner), limit, "ваш код")
    if owner.address:
        _check_runs(Q(address=owner.address), ADDRESS, "в\u00a0вашей сети")
        _check_cpu(_spent_by_runs(Q(address=owner.address)), ADDRESS, "код из\u00a0вашей сети")


Spent = list[tuple[datetime, float]]


def _spent(owner: Owner) -> Spent:
    """When the runs and judgings of the last hour were asked for, and processor seconds each has taken."""
    spent = _spent_by_runs(owner.where())
    if owner.user is not None:
        judged = Judging.objects.filter(
            submission__user_id=owner.user.pk, created__gt=timezone.now() - HOUR, run__cpu_seconds__gt=0
        )
        spent += judged.values_list("created", "run__cpu_seconds")
    return sorted(spent)


def _spent_by_runs(whose: Q) -> Spent:
    mine = LessonRun.objects.filter(whose, created__gt=timezone.now() - HOUR, run__cpu_seconds__gt=0)
    return list(mine.order_by("created").values_list("created", "run__cpu_seconds"))


def _check_cpu(spent: Spent, limit: Bound, whose: str) -> None:
    """Raise OverQuota when the hour's processor seconds are used up; `spent` is from the oldest on."""
    total = left = sum(seconds for _, seconds in spent)
    if total < limit.cpu:
        return
    first = timezone.now()
    for first, seconds in spent:  # noqa: B007 - until enough of the oldest has left the hour
        left -= seconds
        if left < limit.cpu:
            break
    wait = (first + HOUR - timezone.now()).total_seconds()
    raise OverQuota(
        f"За\u00a0последний час {whose} занимал процессор {span(total)}\u00a0— это предел. "
        f"Снова можно через {span(wait)}; запись прогона на\u00a0странице работает и\u00a0сейчас.",
        code="too_much_cpu",
        retry_after=int(wait) + 1,
    )


def _check_runs(whose: Q, limit: Bound, where: str) -> None:
    mine = LessonRun.objects.filter(whose).exclude(variant=Variant.CASE)
    live = mine.filter(run__state__in=LIVE).count()
    if live >= limit.at_once:
        already = plural(live, "прогон", "прогона", "прогонов")
        raise OverQuota(
            f"Сейчас {where} уже идёт {already}\u00a0— больше одновременно нельзя. "
            f"Остановите ненужный или попробуйте через {span(SOON)}.",
            code="too_many_at_once",
            retry_after=SOON,
        )
    since = timezone.now() - HOUR
    recent = mine.filter(created__gt=since)
    count = recent.count()
    if count >= limit.per_hour:
        # Enough of the oldest must leave the hour for one more to fit.
        freeing = recent.order_by("created").values_list("created", flat=True)
        first = freeing[count - limit.per_hour] if limit.per_hour else timezone.now()
        wait = (first + HOUR - timezone.now()).total_seconds()
        started = plural(count, "прогон", "прогона", "прогонов")
        raise OverQuota(
            f"За\u00a0последний час {where} было {started}\u00a0— это предел. "
            f"Снова можно через {span(wait)}; запись прогона на\u00a0странице работает и\u00a0сейчас.",
            code="too_many_an_hour",
            retry_after=int(wait) + 1,
        )


def check_submission(owner: Owner) -> None:
    """Raise OverQuota unless this user may hand in one more solution now."""
    mine = Submission.objects.filter(owner.where())
    if mine.filter(state=Grading.WAITING).count() >= SUBMISSIONS.at_once:
        raise OverQuota(
            f"Предыдущие решения ещё проверяются. Попробуйте через {span(SOON)}.",
            code="too_many_at_once",
            retry_after=SOON,
        )
    _check_cpu(_spent(owner), bound(owner), "ваш код")
    recent = mine.filter(created__gt=timezone.now() - HOUR).order_by("created")
    count = recent.count()
    if count >= SUBMISSIONS.per_hour:
        first = recent.values_list("created", flat=True)[count - SUBMISSIONS.per_hour]
        wait = (first + HOUR - timezone.now()).total_seconds()
        sent = plural(count, "решение", "решения", "решений")
        raise OverQuota(
            f"За\u00a0час отправлено {sent}\u00a0— это предел. Следующее примем через {span(wait)}.",
            code="too_many_an_hour",
            retry_after=int(wait) + 1,
        )


def describe(owner: Owner) -> dict[str, Any]:
    """The bound and what is left of it, for the page."""
    limit = bound(owner)
    mine = LessonRun.objects.filter(owner.where()).exclude(variant=Variant.CASE)
    live = mine.filter(run__state__in=LIVE).count()
    recent = mine.filter(created__gt=timezone.now() - HOUR).count()
    return {
        "at_once": limit.at_once,
        "per_hour": limit.per_hour,
        "left_now": max(0, limit.at_once - live),
        "left_this_hour": max(0, limit.per_hour - recent),
    }
