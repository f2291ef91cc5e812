"""How much of what people typed is kept: the least missed goes first, and nothing goes in silence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from lessons.models import CodeVersion, Lesson
from lessons.work import drafts, room, runs, submissions
from lessons.work.errors import Conflict, DraftsFull, OverQuota
from lessons.work.owners import Owner
from lessons.work.room import Room
from tests.lessons.work.course import end

LESSON = "circuit-breaker"


@pytest.fixture
def five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for five versions."""
    for name in ("USER", "GUEST"):
        monkeypatch.setattr(room, name, Room(versions=5, bytes=1000))
    monkeypatch.setattr(room, "LEFT", 1.0)


def texts(owner: Owner, slot: str = "demo") -> list[str]:
    return [version.text for version in drafts.versions(owner, LESSON, slot)]


def save(owner: Owner, *names: str, slot: str = "demo") -> None:
    for name in names:
        drafts.save(owner, LESSON, slot, name)


def aged(owner: Owner, **minutes: float) -> None:
    """Say how many minutes ago each text was saved."""
    for text, ago in minutes.items():
        found = CodeVersion.objects.filter(owner.where(), text=text)
        found.update(saved_at=timezone.now() - timedelta(minutes=ago))


@pytest.mark.usefixtures("five")
def test_the_oldest_version_makes_room_for_the_newest(learner: Owner) -> None:
    save(learner, "a", "b", "c", "d", "e", "f")
    assert texts(learner) == ["f", "e", "d", "c", "b"]


@pytest.mark.usefixtures("five")
def test_a_moment_of_typing_goes_before_an_older_state_of_work(learner: Owner) -> None:
    save(learner, "a", "b", "c", "d", "e")
    aged(learner, a=300, b=200, c=199, d=100, e=50)
    save(learner, "f")
    assert texts(learner) == ["f", "e", "d", "c", "a"]


@pytest.mark.usefixtures("five")
def test_the_newest_version_of_an_editor_stays_however_old(learner: Owner) -> None:
    save(learner, "exercise", slot="exercise")
    save(learner, "a", "b", "c", "d", "e", "f")
    assert texts(learner, "exercise") == ["exercise"]


@pytest.mark.usefixtures("five")
def test_what_was_run_stays(lesson: Lesson, learner: Owner) -> None:
    end(runs.start_run(learner, lesson=LESSON, variant="mine", code="run").pk)
    save(learner, "a", "b", "c", "d", "e")
    assert texts(learner) == ["e", "d", "c", "b", "run"]


@pytest.mark.usefixtures("five")
def test_what_was_handed_in_stays(lesson: Lesson, learner: Owner) -> None:
    submissions.submit(learner, lesson=LESSON, code="sent")
    save(learner, "a", "b", "c", "d", "e", slot="exercise")
    assert texts(learner, "exercise") == ["e", "d", "c", "b", "sent"]


@pytest.mark.usefixtures("five")
def test_the_text_a_conflict_put_aside_stays(learner: Owner) -> None:
    save(learner, "a")
    with pytest.raises(Conflict):
        drafts.save(learner, LESSON, "demo", "aside", base=7)
    save(learner, "b", "c", "d", "e", "f")
    assert "aside" in texts(learner)


@pytest.mark.usefixtures("five")
def test_when_nothing_may_go_the_text_is_refused_with_what_to_do_and_nothing_is_deleted(
    lesson: Lesson, learner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "USER", Room(versions=2, bytes=1000))
    for code in ("one", "two"):
        end(runs.start_run(learner, lesson=LESSON, variant="mine", code=code).pk)
    with pytest.raises(DraftsFull, match=r"остался на\sстранице.+напишите преподавателю"):
        save(learner, "three")
    assert texts(learner) == ["two", "one"]


@pytest.mark.usefixtures("five")
def test_bytes_are_bounded_too(learner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "USER", Room(versions=100, bytes=20))
    save(learner, "ёжик", "12345678", "abcdefgh")  # 8 bytes each in UTF-8
    assert texts(learner) == ["abcdefgh", "12345678"]


def test_thinning_out_leaves_some_room_at_once(learner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "USER", Room(versions=10, bytes=1000))
    save(learner, *map(str, range(11)))
    assert len(texts(learner)) == 8


@pytest.mark.usefixtures("five")
def test_others_versions_are_not_counted(learner: Owner, stranger: Owner) -> None:
    save(learner, "a", "b", "c", "d", "e")
    save(stranger, "mine")
    assert texts(learner)[-1] == "a"


def test_a_guest_has_less_room_and_is_told_what_signing_in_gives(
    lesson: Lesson, guest: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room.GUEST.bytes < room.USER.bytes
    monkeypatch.setattr(room, "GUEST", Room(versions=0, bytes=0))
    with pytest.raises(DraftsFull, match="Войдите"):
        save(guest, "a")


def test_guests_of_one_address_share_an_hours_room(guest: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ADDRESS_AN_HOUR", 10)
    cache.clear()
    save(Owner(guest="one", address="cafe"), "12345678")
    with pytest.raises(OverQuota, match=r"общий предел гостей.+остался на\sстранице"):
        save(Owner(guest="two", address="cafe"), "12345678")
    save(Owner(guest="two", address="home"), "12345678")


def test_a_user_is_not_held_by_the_guests_around(learner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ADDRESS_AN_HOUR", 0)
    save(learner, "a")


def older(owner: Owner, days: float) -> None:
    CodeVersion.objects.filter(owner.where()).update(saved_at=timezone.now() - timedelta(days=days))


SESSION = settings.SESSION_COOKIE_AGE / 86400  # days


def test_drafts_of_a_guest_expire_once_their_session_has(guest: Owner, learner: Owner) -> None:
    for owner in (guest, learner):
        save(owner, "a", "b")
        older(owner, SESSION + 8)
    assert room.expire() == 2
    assert (texts(guest), texts(learner)) == ([], ["b", "a"])


def test_a_guest_who_may_come_back_loses_nothing(guest: Owner) -> None:
    save(guest, "a")
    older(guest, SESSION + 8)
    save(guest, "b")
    room.expire()
    assert texts(guest) == ["b", "a"]


def test_the_code_of_a_guests_run_stays_with_the_run(lesson: Lesson, guest: Owner) -> None:
    run = runs.start_run(guest, lesson=LESSON, variant="mine", code="shared")
    older(guest, SESSION + 8)
    room.expire()
    run.refresh_from_db()
    assert run.code is not None


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_run_sweeps_once_a_day(lesson: Lesson, guest: Owner) -> None:
    save(guest, "a")
    older(guest, SESSION + 8)
    end(runs.start_run(Owner(guest="other"), lesson=LESSON, variant="reference").pk)
    assert texts(guest) == []
