"""A guest who signs in takes everything along."""

from __future__ import annotations

import pytest

from classroom.models import User
from lessons.models import Lesson, LessonRun, Progress
from lessons.work import drafts, owners, progress, runs
from lessons.work.owners import Owner, address_hash

SLUG = "circuit-breaker"


def test_a_guests_drafts_become_the_users(guest: Owner, learner: Owner, alisa: User) -> None:
    drafts.save(guest, SLUG, "demo", "first")
    drafts.save(guest, SLUG, "demo", "second")
    owners.adopt(guest.guest, alisa)
    assert [v.text for v in drafts.versions(learner, SLUG, "demo")] == ["second", "first"]
    assert not drafts.versions(guest, SLUG, "demo").exists()


def test_what_the_user_had_stays_below_what_the_guest_typed(
    guest: Owner, learner: Owner, alisa: User
) -> None:
    drafts.save(learner, SLUG, "demo", "typed last week")
    drafts.save(guest, SLUG, "demo", "typed just now")
    owners.adopt(guest.guest, alisa)
    assert [(v.n, v.text) for v in drafts.versions(learner, SLUG, "demo")] == [
        (2, "typed just now"),
        (1, "typed last week"),
    ]


def test_a_guests_runs_become_the_users(lesson: Lesson, guest: Owner, alisa: User) -> None:
    run = runs.start_run(guest, lesson=SLUG, variant="reference")
    owners.adopt(guest.guest, alisa)
    moved = LessonRun.objects.get(pk=run.pk)
    assert (moved.user, moved.guest) == (alisa, "")


def test_progress_of_both_is_merged_and_nothing_is_lost(
    lesson: Lesson, guest: Owner, learner: Owner, alisa: User
) -> None:
    earlier = progress.save(guest, SLUG, read=True, predicted={"when": 7}).read_at
    progress.save(learner, SLUG, read=True, quiz={"why": 1})
    owners.adopt(guest.guest, alisa)
    merged = Progress.objects.get()
    assert (merged.read_at, merged.predicted, merged.quiz) == (earlier, {"when": 7}, {"why": 1})


def test_only_this_guests_work_moves(guest: Owner, alisa: User) -> None:
    other = Owner(guest="other-key")
    drafts.save(other, SLUG, "demo", "somebody else's")
    owners.adopt(guest.guest, alisa)
    assert drafts.newest(other, SLUG, "demo") is not None


def test_an_empty_key_moves_nothing(alisa: User, learner: Owner) -> None:
    drafts.save(learner, SLUG, "demo", "x")
    owners.adopt("", alisa)
    assert drafts.newest(learner, SLUG, "demo") is not None


def test_a_nameless_guest_owns_nothing(learner: Owner) -> None:
    version = drafts.save(learner, SLUG, "demo", "x")
    assert not Owner().owns(version)
    assert not drafts.versions(Owner(), SLUG, "demo").exists()


def test_one_home_of_ipv6_is_one_address() -> None:
    assert address_hash("2001:db8:1:2::1") == address_hash("2001:db8:1:2:ffff::9")
    assert address_hash("2001:db8:1:2::1") != address_hash("2001:db8:1:3::1")


def test_an_ipv4_address_is_the_same_however_it_is_written() -> None:
    assert address_hash("::ffff:192.0.2.1") == address_hash("192.0.2.1") != ""


def test_a_link_of_the_machine_is_no_part_of_an_address() -> None:
    assert address_hash("fe80::1%eth0") == address_hash("fe80::2") != ""


@pytest.mark.parametrize("address", ["", "unix:", "not an address"])
def test_a_missing_address_is_not_counted(address: str) -> None:
    assert address_hash(address) == ""


def test_the_address_itself_is_not_kept(lesson: Lesson) -> None:
    address = "192.0.2.1"
    run = runs.start_run(Owner(guest="g", address=address_hash(address)), lesson=SLUG, variant="reference")
    assert address not in run.address
