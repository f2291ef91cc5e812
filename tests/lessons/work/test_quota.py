"""How much one may run."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classroom.models import User
from lessons.models import Judging, Lesson, LessonRun
from lessons.work import drafts, quota, runs, submissions
from lessons.work.errors import OverQuota
from lessons.work.owners import Owner
from lessons.work.words import span
from sandbox import stream
from sandbox.client import valkey
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
    with pytest.raises(OverQuota, match=r"идут 2\sпрогона.+примерно через 40\sсекунд") as caught:
        start(guest)
    assert caught.value.retry_after == 40


def test_the_wait_is_until_the_first_run_has_come_to_its_end(lesson: Lesson, guest: Owner) -> None:
    first, second = start(guest), start(guest)
    for run, ago in ((first, 30), (second, 10)):
        Run.objects.filter(pk=run.pk).update(started=timezone.now() - timedelta(seconds=ago))
    with pytest.raises(OverQuota, match=r"примерно через 10\sсекунд"):
        start(guest)


def test_a_run_that_was_paused_is_not_promised_to_end_before_now(lesson: Lesson, guest: Owner) -> None:
    first, _ = start(guest), start(guest)
    Run.objects.filter(pk=first.pk).update(started=timezone.now() - timedelta(minutes=5))
    with pytest.raises(OverQuota, match=r"примерно через 5\sсекунд"):
        start(guest)


def test_the_refusal_names_ones_own_runs_from_the_oldest(lesson: Lesson, guest: Owner) -> None:
    live = [start(guest).pk, start(guest).pk]
    with pytest.raises(OverQuota) as caught:
        start(guest)
    assert caught.value.to_json()["runs"] == live


def test_a_new_run_takes_the_place_of_the_one_it_is_started_instead_of(
    lesson: Lesson, guest: Owner, django_capture_on_commit_callbacks: Any
) -> None:
    first = start(guest)
    start(guest)
    with django_capture_on_commit_callbacks(execute=True):
        runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=first.pk)
    sent = [json.loads(entry[b"m"]) for _, entry in valkey().xrange(stream.control_key(first.pk))]
    assert sent == [{"op": "stop"}]


def test_a_place_is_given_up_once(lesson: Lesson, guest: Owner) -> None:
    first = start(guest)
    start(guest)
    runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=first.pk)
    with pytest.raises(OverQuota):
        runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=first.pk)


def test_giving_up_one_run_after_another_gives_no_more_than_twice_the_places(
    lesson: Lesson, guest: Owner
) -> None:
    live = [start(guest).pk, start(guest).pk]
    for _ in range(quota.GUEST.at_once):
        live.append(runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=live.pop(0)).pk)
    with pytest.raises(OverQuota):
        runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=live[0])


def test_nobody_gives_up_the_run_of_another(lesson: Lesson, guest: Owner, stranger: Owner) -> None:
    others = start(stranger)
    runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=others.pk)
    others.refresh_from_db()
    assert not others.given_up


def test_a_refused_start_stops_nothing(
    lesson: Lesson, guest: Owner, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    first = start(guest)
    monkeypatch.setattr(quota, "GUEST", quota.Bound(at_once=2, per_hour=1, cpu=300))
    with django_capture_on_commit_callbacks(execute=True) as called, pytest.raises(OverQuota):
        runs.start_run(guest, lesson=SLUG, variant="reference", instead_of=first.pk)
    first.refresh_from_db()
    assert (called, first.given_up) == ([], False)


def test_code_that_could_not_be_run_is_kept_and_the_refusal_says_so(lesson: Lesson, guest: Owner) -> None:
    start(guest), start(guest)
    with pytest.raises(OverQuota, match="Ваш код сохранён"):
        runs.start_run(guest, lesson=SLUG, variant="mine", code="x = 1\n")
    kept = drafts.newest(guest, SLUG, "demo")
    assert kept is not None
    assert kept.text == "x = 1\n"


def test_a_guest_is_told_what_signing_in_would_give(
    lesson: Lesson, guest: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "GUEST", quota.Bound(at_once=2, per_hour=1, cpu=300))
    start_and_end(guest, 1)
    with pytest.raises(OverQuota, match=r"Если войти, можно будет 200\sпрогонов в\sчас") as caught:
        start(guest)
    assert caught.value.to_json()["login"] is True


def test_a_user_is_told_whom_to_ask_for_more(
    lesson: Lesson, learner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "USER", quota.Bound(at_once=2, per_hour=1, cpu=300))
    start_and_end(learner, 1)
    with pytest.raises(OverQuota, match="попросите преподавателя") as caught:
        start(learner)
    assert caught.value.to_json()["login"] is False


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
    with pytest.raises(OverQuota, match="Преподаватель закрыл вам запуск"):
        start(Owner(user=alisa))


def test_a_raised_quota_frees_a_user_from_the_bound_of_their_whole_network(
    lesson: Lesson, alisa: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "ADDRESS", quota.Bound(at_once=0, per_hour=100, cpu=300))
    with pytest.raises(OverQuota, match="общий предел"):
        start(Owner(user=alisa, address="school"))
    alisa.runs_at_once = quota.USER.at_once + 1
    alisa.save()
    start(Owner(user=alisa, address="school"))


def test_accounts_of_one_address_share_the_judge(
    lesson: Lesson, alisa: User, eva: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "ADDRESS_SUBMISSIONS", quota.Bound(at_once=1, per_hour=100, cpu=300))
    submissions.submit(Owner(user=alisa, address="school"), lesson=SLUG, code="x = 1\n")
    with pytest.raises(OverQuota, match=r"Из\sвашей сети.+Решение сохранено"):
        submissions.submit(Owner(user=eva, address="school"), lesson=SLUG, code="x = 2\n")
    submissions.submit(Owner(user=eva, address="home"), lesson=SLUG, code="x = 2\n")


def test_solutions_within_an_hour_are_bounded(
    lesson: Lesson, alisa: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "SUBMISSIONS", quota.Bound(at_once=9, per_hour=2, cpu=300))
    for n in range(2):
        submissions.submit(Owner(user=alisa), lesson=SLUG, code=f"x = {n}\n")
    Judging.objects.update(created=timezone.now() - timedelta(minutes=48))
    with pytest.raises(OverQuota, match=r"2\sрешения.+через 12\sминут.+Решение сохранено"):
        submissions.submit(Owner(user=alisa), lesson=SLUG, code="x = 3\n")


def test_what_an_instructor_has_judged_again_is_not_counted(lesson: Lesson, alisa: User, boris: User) -> None:
    for n in range(quota.SUBMISSIONS.at_once):
        sent = submissions.submit(Owner(user=alisa), lesson=SLUG, code=f"x = {n}\n")
        end(sent.run_id)
        sent.refresh_from_db()
        submissions.regrade(sent, boris)
    submissions.submit(Owner(user=alisa), lesson=SLUG, code="x = 9\n")


def test_processor_seconds_of_judgings_count_for_the_address_too(
    lesson: Lesson, alisa: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "ADDRESS", quota.Bound(at_once=60, per_hour=100, cpu=100))
    sent = submissions.submit(Owner(user=alisa, address="school"), lesson=SLUG, code="x = 1\n")
    end(sent.run_id)
    Run.objects.filter(pk=sent.run_id).update(cpu_seconds=100)
    with pytest.raises(OverQuota, match="процессор"):
        start(Owner(guest="one", address="school"))


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
