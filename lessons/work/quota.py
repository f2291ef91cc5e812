"""How much one may run: at once, in an hour and on the processor, per person and per network address."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from lessons.models.work import Grading, Judging, LessonRun, Submission, Variant
from lessons.work import refusals
from lessons.work.owners import Owner
from lessons.work.refusals import Voice

LIVE = ("queued", "starting", "running")
HOUR = timedelta(hours=1)
SOON = 5.0  # s: when to look again where nothing can be reckoned: a judging takes less, a pause any time


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
# What an instructor gives a class at the press of a button: everybody compares, shows others, tries again.
CLASS = Bound(at_once=6, per_hour=1000, cpu=3600.0)
# One address may be a whole school, so this only stops a flood of made-up guests and accounts. The seconds:
# two cores.
ADDRESS = Bound(at_once=60, per_hour=2000, cpu=7200.0)
# A judging takes a worker for seconds; one solution a minute is faster than anybody thinks.
SUBMISSIONS = Bound(at_once=2, per_hour=60, cpu=USER.cpu)
ADDRESS_SUBMISSIONS = Bound(at_once=40, per_hour=600, cpu=ADDRESS.cpu)


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


def vouched(owner: Owner) -> bool:
    """Whether an instructor has raised this user's quota: a whole class at one address is let work so."""
    own = bound(owner)
    return owner.user is not None and (
        own.at_once > USER.at_once or own.per_hour > USER.per_hour or own.cpu > USER.cpu
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


def check(owner: Owner, kept: str = "") -> None:
    """Raise OverQuota unless this owner may start one more run now; `kept` says what is not lost then."""
    limit = bound(owner)
    voice = Voice(guest=owner.user is None, kept=kept, more=_more_for(owner))
    if not (limit.at_once and limit.per_hour and limit.cpu):
        raise refusals.closed(voice, HOUR.total_seconds())
    _check_runs(_runs(owner.where()), limit, voice)
    _check_cpu(_spent(owner), limit, voice)
    if owner.address and not vouched(owner):
        ours, voice = Q(address=owner.address), voice.of_all()
        _check_runs(_runs(ours), ADDRESS, voice)
        _check_cpu(_spent_by_runs(ours) + _spent_by_judgings(ours), ADDRESS, voice)


def give_up(owner: Owner, run_id: str) -> bool:
    """Let this live run of the owner's count no more: it is about to be stopped for the sake of a new one."""
    mine = LessonRun.objects.filter(owner.where(), pk=run_id, run__state__in=LIVE)
    return bool(mine.exclude(variant=Variant.CASE).update(given_up=True))


def _more_for(owner: Owner) -> tuple[int, float]:
    """What a guest would get by signing in: runs an hour, processor seconds. Nothing more for a user."""
    return (USER.per_hour, USER.cpu) if owner.user is None else (0, 0.0)


def _runs(whose: Q) -> QuerySet[LessonRun]:
    return LessonRun.objects.filter(whose).exclude(variant=Variant.CASE)


Spent = list[tuple[datetime, float]]


def _spent(owner: Owner) -> Spent:
    """When the runs and judgings of the last hour were asked for, and processor seconds each has taken."""
    spent = _spent_by_runs(owner.where())
    if owner.user is not None:
        spent += _spent_by_judgings(Q(submission__user_id=owner.user.pk))
    return spent


def _spent_by_runs(whose: Q) -> Spent:
    mine = LessonRun.objects.filter(whose, created__gt=timezone.now() - HOUR, run__cpu_seconds__gt=0)
    return list(mine.values_list("created", "run__cpu_seconds"))


def _spent_by_judgings(whose: Q) -> Spent:
    judged = Judging.objects.filter(whose, created__gt=timezone.now() - HOUR, run__cpu_seconds__gt=0)
    return list(judged.values_list("created", "run__cpu_seconds"))


def _check_cpu(spent: Spent, limit: Bound, voice: Voice) -> None:
    """Raise OverQuota when the hour's processor seconds are used up."""
    total = left = sum(seconds for _, seconds in spent)
    if total < limit.cpu:
        return
    first = timezone.now()
    for first, seconds in sorted(spent):  # noqa: B007 - until enough of the oldest has left the hour
        left -= seconds
        if left < limit.cpu:
            break
    raise refusals.too_much_cpu(voice, total, _until(first + HOUR))


def _check_runs(mine: QuerySet[LessonRun], limit: Bound, voice: Voice) -> None:
    live = mine.filter(run__state__in=LIVE)
    counts = live.aggregate(all=Count("pk"), leaving=Count("pk", filter=Q(given_up=True)))
    # One that is being stopped takes a place for a moment only; but nobody gets more than twice their places.
    counted = counts["all"] - min(counts["leaving"], limit.at_once)
    if counted >= limit.at_once:
        staying = live.filter(given_up=False)
        wait = _free_in(staying, counted - limit.at_once)
        offered = [] if voice.shared else [run.pk for run in staying.order_by("created")]
        raise refusals.too_many_at_once(voice, counted, wait, offered)
    started = mine.filter(created__gt=timezone.now() - HOUR)
    count = started.count()
    if count >= limit.per_hour:
        raise refusals.too_many_an_hour(voice, count, _until(_leaves_hour(started, count, limit)))


def _free_in(live: QuerySet[LessonRun], more: int) -> float:
    """Seconds until `more` + 1 of these have come to their end by themselves, about; SOON where unknown."""
    now = timezone.now()
    ends = sorted(
        (started or now) + timedelta(seconds=float(duration or 0) / float(pace or 1))
        for started, duration, pace in live.values_list(
            "run__started", "run__job__duration", "run__job__pace"
        )
    )
    return max(SOON, _until(ends[min(more, len(ends) - 1)])) if ends else SOON


def _leaves_hour(rows: QuerySet[Any], count: int, limit: Bound) -> datetime:
    """When enough of the oldest is an hour old for one more to fit."""
    freeing: QuerySet[Any] = rows.order_by("created").values_list("created", flat=True)
    oldest: datetime = freeing[count - limit.per_hour]
    return oldest + HOUR


def _until(moment: datetime) -> float:
    return (moment - timezone.now()).total_seconds()


def check_submission(owner: Owner, kept: str = "") -> None:
    """Raise OverQuota unless this owner may hand in one more solution now."""
    limit = bound(owner)
    voice = Voice(guest=False, kept=kept)
    if not limit.cpu:
        raise refusals.closed(voice, HOUR.total_seconds())
    mine = Submission.objects.filter(owner.where())
    _check_judged(Judging.objects.filter(submission__in=mine), SUBMISSIONS, voice)
    _check_cpu(_spent(owner), limit, voice)
    if owner.address and not vouched(owner):
        ours = Q(address=owner.address)
        _check_judged(Judging.objects.filter(ours), ADDRESS_SUBMISSIONS, voice.of_all())
        _check_cpu(_spent_by_runs(ours) + _spent_by_judgings(ours), ADDRESS, voice.of_all())


def _check_judged(rows: QuerySet[Judging], limit: Bound, voice: Voice) -> None:
    rows = rows.filter(asked_by__isnull=True)  # an instructor who has work judged again spends nobody's quota
    if rows.filter(state=Grading.WAITING).count() >= limit.at_once:
        raise refusals.still_judged(voice, SOON)
    sent = rows.filter(created__gt=timezone.now() - HOUR)
    count = sent.count()
    if count >= limit.per_hour:
        raise refusals.too_many_solutions(voice, count, _until(_leaves_hour(sent, count, limit)))


def describe(owner: Owner) -> dict[str, Any]:
    """The bound and what is left of it, for the page."""
    limit = bound(owner)
    mine = _runs(owner.where())
    live = mine.filter(run__state__in=LIVE).count()
    recent = mine.filter(created__gt=timezone.now() - HOUR).count()
    return {
        "at_once": limit.at_once,
        "per_hour": limit.per_hour,
        "left_now": max(0, limit.at_once - live),
        "left_this_hour": max(0, limit.per_hour - recent),
    }
