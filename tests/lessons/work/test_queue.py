"""More want to run than there are places: an estimate for who waits, a refusal that loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lessons.models import Lesson, LessonRun, Submission
from lessons.work import drafts, runs, submissions
from lessons.work.errors import QueueFull, Unavailable
from lessons.work.owners import Owner
from lessons.work.words import about
from sandbox import runs as sandbox_runs
from sandbox import states
from sandbox.client import valkey
from sandbox.leases import Leases
from sandbox.models import Run
from sandbox.waiting import PACE, Pace
from tests.lessons.api.calls import post

pytestmark = pytest.mark.django_db(transaction=True)
SLUG = "circuit-breaker"


@pytest.fixture
def full(lesson: Lesson, learner: Owner, settings: Any) -> None:
    """The one place of the queue of demos is taken."""
    settings.QUEUE_LIMIT = 1
    runs.start_run(learner, lesson=SLUG, variant="reference")


def run_for(seconds: int) -> None:
    """A run of somebody's that took so long, by Valkey's own clock."""
    run = runs.start_run(Owner(guest=f"{seconds}", address=""), lesson=SLUG, variant="reference").pk
    leases = Leases(valkey())
    number = leases.claim(run, "demo", "worker")
    leases.mark(run, number, "running")
    valkey().hincrby(f"run:{run}", "started", -seconds)
    leases.conclude(run, number, "demo", states.FINISHED, last=1, lines=[b"{}"])


@pytest.mark.usefixtures("full")
def test_a_full_queue_refuses_in_words_and_keeps_the_code(guest: Owner) -> None:
    with pytest.raises(QueueFull) as caught:
        runs.start_run(guest, lesson=SLUG, variant="mine", code="мой код")
    assert "в\u00a0очереди уже 1\u00a0прогон" in caught.value.message
    assert caught.value.message.endswith("Ваш код сохранён.")
    kept = drafts.newest(guest, SLUG, "demo")
    assert kept is not None
    assert kept.text == "мой код"
    assert LessonRun.objects.count() == Run.objects.count() == 1


@pytest.mark.usefixtures("full")
def test_the_api_says_when_to_come_again(client: Client) -> None:
    answer = post(client, "runs/", {"lesson": SLUG, "variant": "reference"})
    assert (answer.status_code, answer.json()["code"]) == (503, "queue_full")
    assert answer["Retry-After"] == "60"
    assert "через 60\u00a0секунд" in answer.json()["message"]
    assert "сохранён" not in answer.json()["message"]  # there was nothing to keep


@pytest.mark.usefixtures("full")
def test_demos_that_wait_do_not_refuse_a_solution(learner: Owner, settings: Any) -> None:
    """Each queue has a bound of its own; past it, the solution is kept as a draft."""
    assert submissions.submit(learner, lesson=SLUG, code="решение").state == "waiting"
    with pytest.raises(QueueFull) as caught:
        submissions.submit(learner, lesson=SLUG, code="решение получше")
    assert caught.value.message.endswith("Решение сохранено.")
    kept = drafts.newest(learner, SLUG, "exercise")
    assert kept is not None
    assert kept.text == "решение получше"
    assert Submission.objects.count() == 1


def test_a_place_is_free_again_when_somebody_goes(
    full: None, learner: Owner, guest: Owner, settings: Any
) -> None:
    runs.stop(LessonRun.objects.get().pk, learner)
    assert runs.start_run(guest, lesson=SLUG, variant="reference").run.state == "queued"


def test_the_wait_follows_from_how_long_runs_take_and_how_many_go_on(
    lesson: Lesson, learner: Owner, guest: Owner
) -> None:
    waiting = runs.start_run(learner, lesson=SLUG, variant="reference")
    assert runs.receipt(waiting)["wait"] is None  # nobody works: nobody can tell
    run_for(30)
    run_for(70)
    assert 30 < float(valkey().get(PACE)) < 34  # the newest counts for a twentieth
    valkey().sadd("sandbox:active", "one", "another")
    place = sandbox_runs.place(waiting.pk)
    assert place is not None
    assert (place.position, place.wait) == (1, 16)
    assert runs.describe(waiting, guest)["wait"] == 16


def test_a_run_that_was_stopped_in_the_queue_tells_nothing_of_how_long_runs_take(
    lesson: Lesson, learner: Owner
) -> None:
    runs.stop(runs.start_run(learner, lesson=SLUG, variant="reference").pk, learner)
    assert valkey().get(PACE) is None


def test_queues_that_wait_together_share_the_places() -> None:
    assert Pace(mean=60, active=10, queues=1).seconds(5) == 30
    assert Pace(mean=60, active=10, queues=2).seconds(5) == 60
    assert Pace(mean=0, active=10, queues=1).seconds(5) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "несколько секунд"),
        (18, "около 20\u00a0секунд"),
        (55, "около минуты"),
        (130, "около 2\u00a0минут"),
        (21 * 60, "около 21\u00a0минуты"),
        (11 * 60, "около 11\u00a0минут"),
        (2 * 3600, "больше часа"),
    ],
)
def test_an_estimate_is_told_no_finer_than_it_is_known(seconds: int, words: str) -> None:
    assert about(seconds) == words


def test_a_solution_handed_in_while_the_broker_is_away_is_refused_and_kept(
    lesson: Lesson, learner: Owner, settings: Any
) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    with pytest.raises(Unavailable, match="Код сохранён"):
        submissions.submit(learner, lesson=SLUG, code="решение")
    assert drafts.newest(learner, SLUG, "exercise") is not None
    assert not Submission.objects.exists()
