"""Starting a run: what is checked, what is kept, who may do what with it afterwards."""

from __future__ import annotations

import pytest
import redis

from lessons.access import run_access
from lessons.models import CodeVersion, Lesson
from lessons.work import drafts, owners, runs
from lessons.work.errors import BadRequest, NotAllowed, NotFound
from lessons.work.owners import Owner
from sandbox.jobs import DemoJob
from sandbox.models import Run
from tests.lessons.work.course import end

SLUG = "circuit-breaker"


def job(run_id: str) -> DemoJob:
    task = Run.objects.get(pk=run_id).task
    assert isinstance(task, DemoJob)
    return task


def test_a_run_carries_the_variants_code_and_the_lessons_defaults(lesson: Lesson, guest: Owner) -> None:
    started = runs.start_run(guest, lesson=SLUG, variant="naive")
    sent = job(started.pk)
    assert sent.files["reference.py"] == "STATE = 'naive'\n"
    assert (sent.seed, sent.duration, sent.pace) == (7, 40.0, 1.0)
    assert sent.controls == {"error_rate": 5, "down": False}


def test_ones_own_code_is_kept_as_a_version_and_linked(lesson: Lesson, guest: Owner) -> None:
    started = runs.start_run(guest, lesson=SLUG, variant="mine", code="STATE = 'mine'\n")
    current = drafts.newest(guest, SLUG, "demo")
    assert current is not None
    assert started.code == current
    assert job(started.pk).files["reference.py"] == "STATE = 'mine'\n"


def test_without_code_ones_own_variant_runs_the_draft(lesson: Lesson, guest: Owner) -> None:
    drafts.save(guest, SLUG, "demo", "draft")
    started = runs.start_run(guest, lesson=SLUG, variant="mine")
    assert job(started.pk).files["reference.py"] == "draft"


def test_without_code_and_draft_ones_own_variant_is_refused(lesson: Lesson, guest: Owner) -> None:
    with pytest.raises(BadRequest):
        runs.start_run(guest, lesson=SLUG, variant="mine")


def test_controls_script_seed_and_speed_reach_the_job(lesson: Lesson, guest: Owner) -> None:
    started = runs.start_run(
        guest,
        lesson=SLUG,
        variant="reference",
        seed=11,
        speed=2,
        controls={"error_rate": 50},
        script=[[3, "down", True]],
    )
    sent = job(started.pk)
    assert (sent.seed, sent.pace, sent.controls["error_rate"]) == (11, 2, 50)
    assert sent.script == [(3.0, "down", True)]
    assert sent.touched == ["error_rate"]


def test_a_control_sent_at_its_default_is_left_to_the_story(lesson: Lesson, guest: Owner) -> None:
    values: dict[str, object] = {"error_rate": 5, "down": True}
    started = runs.start_run(guest, lesson=SLUG, variant="reference", controls=values)
    assert job(started.pk).touched == ["down"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"controls": {"error_rate": 400}}, "error_rate"),
        ({"controls": {"gravity": 1}}, "gravity"),
        ({"script": [[1, "down", "yes"]]}, "script.1"),
        ({"seed": -1}, "seed"),
        ({"speed": 100}, "speed"),
        ({"variant": "case"}, "variant"),
    ],
)
def test_what_does_not_fit_the_demo_is_refused_by_name(
    lesson: Lesson, guest: Owner, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        runs.start_run(guest, **{"lesson": SLUG, "variant": "reference", **wrong})  # type: ignore[arg-type]
    assert field in caught.value.fields
    assert not Run.objects.exists()


def test_an_unknown_lesson_is_not_found(lesson: Lesson, guest: Owner) -> None:
    with pytest.raises(NotFound, match="нет"):
        runs.start_run(guest, lesson="alchemy", variant="reference")


def test_a_fork_of_anothers_run_takes_its_code_and_leaves_ones_draft_alone(
    lesson: Lesson, learner: Owner, stranger: Owner
) -> None:
    parent = runs.start_run(learner, lesson=SLUG, variant="mine", code="hers")
    drafts.save(stranger, SLUG, "demo", "his own")
    fork = runs.start_run(stranger, lesson=SLUG, variant="mine", code="hers", forked_from=parent.pk)
    assert (fork.code, fork.forked_from) == (parent.code, parent)
    assert CodeVersion.objects.filter(stranger.where()).count() == 1


def test_a_fork_needs_a_run_of_the_same_lesson(lesson: Lesson, guest: Owner) -> None:
    parent = runs.start_run(guest, lesson=SLUG, variant="reference")
    type(parent).objects.update(lesson="retry")
    with pytest.raises(BadRequest):
        runs.start_run(guest, lesson=SLUG, variant="reference", forked_from=parent.pk)


@pytest.mark.django_db(transaction=True)
def test_a_started_run_waits_in_the_queue_of_demos(lesson: Lesson, guest: Owner, clean_valkey: str) -> None:
    started = runs.start_run(guest, lesson=SLUG, variant="reference")
    assert runs.describe(started, guest)["position"] == 1
    with redis.Redis.from_url(clean_valkey) as client:
        assert client.llen("demo") == 1


def test_the_link_shows_the_code_of_a_demo_to_anybody(lesson: Lesson, learner: Owner, guest: Owner) -> None:
    started = runs.start_run(learner, lesson=SLUG, variant="mine", code="hers")
    seen = runs.describe(runs.get(started.pk), guest)
    assert (seen["code"], seen["yours"]) == ("hers", False)


def test_hidden_files_of_the_job_are_not_shown(lesson: Lesson, guest: Owner) -> None:
    started = runs.start_run(guest, lesson=SLUG, variant="reference")
    assert "files" not in runs.describe(started, guest)


def test_the_owner_controls_and_anybody_else_with_the_link_watches(
    lesson: Lesson, learner: Owner, stranger: Owner, teacher: Owner
) -> None:
    run = runs.start_run(learner, lesson=SLUG, variant="reference").pk
    assert run_access(learner.user, {}, run) == "control"
    assert run_access(stranger.user, {}, run) == "watch"
    assert run_access(teacher.user, {}, run) == "watch"
    assert run_access(None, None, run) == "watch"


def test_a_guest_controls_by_the_key_in_the_session(lesson: Lesson, guest: Owner) -> None:
    run = runs.start_run(guest, lesson=SLUG, variant="reference").pk
    assert run_access(None, {owners.SESSION_KEY: guest.guest}, run) == "control"
    assert run_access(None, {owners.SESSION_KEY: "another"}, run) == "watch"


def test_a_user_does_not_control_a_guests_run_by_knowing_its_key(
    lesson: Lesson, guest: Owner, stranger: Owner
) -> None:
    run = runs.start_run(guest, lesson=SLUG, variant="reference").pk
    assert run_access(stranger.user, {owners.SESSION_KEY: guest.guest}, run) == "watch"


def test_a_run_that_is_not_there_is_nobodys(db: None, learner: Owner) -> None:
    assert run_access(learner.user, {}, "no-such-run") is None


@pytest.mark.django_db(transaction=True)
def test_the_owner_stops_a_waiting_run(lesson: Lesson, guest: Owner) -> None:
    started = runs.start_run(guest, lesson=SLUG, variant="reference")
    runs.stop(started.pk, guest)
    with pytest.raises(NotFound):
        runs.stop("no-such-run", guest)


def test_a_stranger_does_not_stop_anothers_run(lesson: Lesson, learner: Owner, stranger: Owner) -> None:
    started = runs.start_run(learner, lesson=SLUG, variant="reference")
    with pytest.raises(NotAllowed):
        runs.stop(started.pk, stranger)


def test_an_instructor_stops_any_run(lesson: Lesson, learner: Owner, teacher: Owner) -> None:
    started = runs.start_run(learner, lesson=SLUG, variant="reference")
    runs.stop(started.pk, teacher)


def test_stopping_an_ended_run_changes_nothing(lesson: Lesson, guest: Owner) -> None:
    started = runs.start_run(guest, lesson=SLUG, variant="reference")
    end(started.pk, state="finished")
    assert runs.stop(started.pk, guest).run.state == "finished"
