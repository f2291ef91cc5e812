"""How much one may run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from classroom.models import User
from lessons.models import Lesson, LessonRun
from lessons.work import quota, runs, submissions
from lessons.work.errors import OverQuota
from lessons.work.owners import Owner
from lessons.work.words import span
from sandbox.models import Run
from tests.lessons.work.course import end

SLUG = "circuit-breaker"


def start(owner: Owner) -> LessonRun:
    return runs.start_run(owner, lesson=SLUG, variant="reference")


def start_and_end(owner: Owner, times: int) -> None:
    for _ in range(times):
        end(start(owner).pk)


def test_a_guest_runs_two_at_once_and_is_told_when_to_try_again(lesson: Lesson, guest: Owner) -> None:
    start(guest), start(guest)
    with pytest.raises(OverQuota, match=r"2\sпрогона.+через 5\sсекунд") as caught:
        start(guest)
    assert caught.value.retry_after == quota.SOON


def test_an_ended_run_frees_its_place(lesson: Lesson, guest: Owner) -> None:
    first = start(guest)
    start(guest)
    end(first.pk)
    start(guest)


def test_runs_within_an_hour_are_bounded_and_the_message_says_how_long_to_wait(
    lesson: Lesson, guest: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "GUEST", quota.Bound(at_once=2, per_hour=3, cpu=300))
    start_and_end(guest, 3)
    LessonRun.objects.update(created=timezone.now() - timedelta(minutes=48))
    with pytest.raises(OverQuota, match=r"через 12\sминут") as caught:
        start(guest)
    assert 11 * 60 < caught.value.retry_after <= 12 * 60 + 1


def test_runs_of_an_hour_ago_do_not_count(
    lesson: Lesson, guest: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "GUEST", quota.Bound(at_once=2, per_hour=3, cpu=300))
    start_and_end(guest, 3)
    LessonRun.objects.update(created=timezone.now() - timedelta(minutes=61))
    start(guest)


def test_a_user_may_run_more_than_a_guest(lesson: Lesson, learner: Owner) -> None:
    for _ in range(quota.USER.at_once):
        start(learner)
    with pytest.raises(OverQuota):
        start(learner)
    assert quota.USER.at_once > quota.GUEST.at_once


def test_an_instructor_raises_the_quota_of_one_user(lesson: Lesson, alisa: User) -> None:
    alisa.runs_at_once = 5
    alisa.save()
    for _ in range(5):
        start(Owner(user=alisa))
    with pytest.raises(OverQuota):
        start(Owner(user=alisa))


def test_a_quota_of_zero_lets_nothing_run(lesson: Lesson, alisa: User) -> None:
    alisa.runs_per_hour = 0
    alisa.save()
    with pytest.raises(OverQuota):
        start(Owner(user=alisa))


def used(run: LessonRun, seconds: float, minutes_ago: float = 0) -> None:
    """The run has ended and taken so much of the processor."""
    end(run.pk)
    Run.objects.filter(pk=run.pk).update(cpu_seconds=seconds)
    LessonRun.objects.filter(pk=run.pk).update(created=timezone.now() - timedelta(minutes=minutes_ago))


def test_processor_seconds_within_an_hour_are_bounded_until_enough_of_them_is_an_hour_old(
    lesson: Lesson, guest: Owner
) -> None:
    used(start(guest), 20, minutes_ago=50)
    used(start(guest), 160, minutes_ago=45)
    used(start(guest), 130, minutes_ago=10)
    with pytest.raises(OverQuota, match=r"процессор 6\sминут.+через 10\sминут") as caught:
        start(guest)
    assert caught.value.reported_code == "too_much_cpu"
    LessonRun.objects.filter(run__cpu_seconds=20).update(created=timezone.now() - timedelta(minutes=61))
    start(guest)


def test_judgings_count_too_and_bound_submissions(lesson: Lesson, alisa: User) -> None:
    owner = Owner(user=alisa)
    handed_in = submissions.submit(owner, lesson=SLUG, code="x = 1\n")
    end(handed_in.run_id)
    Run.objects.filter(pk=handed_in.run_id).update(cpu_seconds=quota.USER.cpu)
    with pytest.raises(OverQuota, match="процессор"):
        start(owner)
    with pytest.raises(OverQuota, match="процессор"):
        submissions.submit(owner, lesson=SLUG, code="x = 2\n")


def test_an_instructor_raises_the_processor_seconds_of_one_user(lesson: Lesson, alisa: User) -> None:
    used(start(Owner(user=alisa)), quota.USER.cpu)
    with pytest.raises(OverQuota):
        start(Owner(user=alisa))
    alisa.cpu_per_hour = 2000
    alisa.save()
    start(Owner(user=alisa))


def test_guests_of_one_address_share_its_processor_seconds(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "ADDRESS", quota.Bound(at_once=60, per_hour=100, cpu=100))
    used(start(Owner(guest="one", address="school")), 100)
    with pytest.raises(OverQuota, match="сети"):
        start(Owner(guest="two", address="school"))
    start(Owner(guest="two", address="home"))


def test_guests_of_one_address_share_its_bound(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "ADDRESS", quota.Bound(at_once=2, per_hour=100, cpu=300))
    for name in ("one", "two"):
        start(Owner(guest=name, address="school"))
    with pytest.raises(OverQuota, match="сети"):
        start(Owner(guest="three", address="school"))
    start(Owner(guest="three", address="home"))


def test_what_is_left_is_told_to_the_page(lesson: Lesson, guest: Owner) -> None:
    start(guest)
    told = quota.describe(guest)
    assert (told["left_now"], told["left_this_hour"]) == (quota.GUEST.at_once - 1, quota.GUEST.per_hour - 1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1\u00a0секунду"),
        (3, "3\u00a0секунды"),
        (61, "61\u00a0секунду"),
        (91, "2\u00a0минуты"),
        (11 * 60, "11\u00a0минут"),
        (3 * 3600, "3\u00a0часа"),
    ],
)
def test_waiting_is_told_in_russian(seconds: float, words: str) -> None:
    assert span(seconds) == words
