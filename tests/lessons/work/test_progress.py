"""How far a reader is."""

from __future__ import annotations

import pytest

from lessons.models import Lesson, Progress
from lessons.work import mine, progress
from lessons.work.errors import BadRequest, NotFound
from lessons.work.owners import Owner

SLUG = "circuit-breaker"


def test_answers_are_added_question_by_question(lesson: Lesson, guest: Owner) -> None:
    progress.save(guest, SLUG, predicted={"when": 7})
    progress.save(guest, SLUG, quiz={"why": [0]})
    kept = Progress.objects.get()
    assert (kept.predicted, kept.quiz) == ({"when": 7}, {"why": [0]})


def test_a_lesson_stays_read_from_the_first_time(lesson: Lesson, guest: Owner) -> None:
    first = progress.save(guest, SLUG, read=True).read_at
    assert progress.save(guest, SLUG, read=True).read_at == first


def test_the_mark_of_reading_can_be_taken_back(lesson: Lesson, guest: Owner) -> None:
    progress.save(guest, SLUG, read=True)
    assert progress.save(guest, SLUG, read=False).read_at is None


def test_an_unknown_question_is_refused(lesson: Lesson, guest: Owner) -> None:
    with pytest.raises(BadRequest):
        progress.save(guest, SLUG, quiz={"who": 1})


def test_an_answer_is_bounded(lesson: Lesson, guest: Owner) -> None:
    with pytest.raises(BadRequest):
        progress.save(guest, SLUG, quiz={"why": "x" * 5000})


def test_an_unknown_lesson_is_not_found(lesson: Lesson, guest: Owner) -> None:
    with pytest.raises(NotFound):
        progress.save(guest, "alchemy", read=True)


def test_the_page_is_told_everything_about_its_reader_at_once(lesson: Lesson, learner: Owner) -> None:
    told = mine.describe(learner, SLUG, "token")
    assert told["user"] == {"name": "Алиса", "email": "alisa@poligon.example", "staff": False}
    assert set(told) == {"user", "csrf", "quota", "drafts", "progress", "submissions"}


def test_a_guest_who_did_nothing_gets_empty_answers(lesson: Lesson) -> None:
    told = mine.describe(Owner(), SLUG, "token")
    assert told["user"] is None
    assert told["drafts"] == {"demo": None, "exercise": None}
    assert told["submissions"] == []


def test_the_place_where_the_reader_stopped_is_kept(lesson: Lesson, learner: Owner) -> None:
    lesson.page["headings"] = [{"id": "code", "title": "Код", "level": 2}]
    lesson.digest += "1"
    lesson.save()
    progress.save(learner, lesson.slug, place="code")
    progress.save(learner, lesson.slug, read=True)
    assert progress.everywhere(learner)[lesson.slug]["place"] == "code"


def test_a_place_the_lesson_does_not_have_is_refused(lesson: Lesson, learner: Owner) -> None:
    with pytest.raises(BadRequest, match="Такого раздела"):
        progress.save(learner, lesson.slug, place="nowhere")


def test_lessons_are_told_the_latest_first(lesson: Lesson, learner: Owner) -> None:
    other = Lesson.objects.create(chapter=lesson.chapter, slug="other", number=9, title="Другой", aim="…")
    progress.save(learner, lesson.slug, read=True)
    progress.save(learner, other.slug, read=True)
    assert list(progress.everywhere(learner)) == ["other", lesson.slug]
