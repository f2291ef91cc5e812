"""What the API answers, shape by shape."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from lessons.api.throttles import CallerThrottle
from lessons.models import Lesson, LessonRun
from lessons.work import quota
from tests.lessons.api.calls import API, get, post, put
from tests.lessons.work.course import STARTED, end, failed, passed, trace

SLUG = "circuit-breaker"
RUN = {"lesson": SLUG, "variant": "reference"}


def test_the_course_lists_chapters_with_their_lessons(anybody: Client, lesson: Lesson) -> None:
    (chapter,) = get(anybody, "course/").json()["chapters"]
    assert chapter["title"] == "Отказоустойчивость"
    assert chapter["lessons"][0]["url"] == f"/lessons/{SLUG}/"


def test_a_lesson_shows_its_demo_and_its_exercise_without_the_hidden_cases(
    anybody: Client, lesson: Lesson
) -> None:
    answer = get(anybody, f"lessons/{SLUG}/")
    assert answer.json()["exercise"]["cases"] == ["Размыкается", "Замыкается"]
    assert "SECRET" not in answer.content.decode()


def test_a_started_run_tells_where_to_watch_it(anybody: Client, lesson: Lesson) -> None:
    answer = post(anybody, "runs/", RUN)
    told = answer.json()
    assert answer.status_code == 201
    assert told["url"] == f"/runs/{told['id']}/"
    assert told["socket"] == f"/ws/runs/{told['id']}/"
    assert told["state"] == "queued"


def test_a_guest_owns_the_run_they_started(anybody: Client, lesson: Lesson) -> None:
    run = post(anybody, "runs/", RUN).json()["id"]
    assert get(anybody, f"runs/{run}/").json()["yours"] is True
    assert get(Client(), f"runs/{run}/").json()["yours"] is False


def test_events_are_read_after_a_given_one(anybody: Client, lesson: Lesson) -> None:
    run = post(anybody, "runs/", RUN).json()["id"]
    end(run, {"kind": "call.sent", "id": 1}, {"kind": "call.sent", "id": 2})
    told = get(anybody, f"runs/{run}/events/?after=2").json()
    assert [event["seq"] for event in told["events"]] == [3, 4]
    assert (told["last"], told["complete"]) == (4, True)


def test_after_the_last_event_there_is_nothing_and_it_is_complete(anybody: Client, lesson: Lesson) -> None:
    run = post(anybody, "runs/", RUN).json()["id"]
    end(run)
    assert get(anybody, f"runs/{run}/events/?after=2").json() == {"events": [], "last": 2, "complete": True}


def test_a_live_run_is_not_complete(anybody: Client, lesson: Lesson) -> None:
    run = post(anybody, "runs/", RUN).json()["id"]
    assert get(anybody, f"runs/{run}/events/").json() == {"events": [], "last": 0, "complete": False}


def test_a_stranger_is_refused_to_stop_a_run(alisas: Client, evas: Client, lesson: Lesson) -> None:
    run = post(alisas, "runs/", RUN).json()["id"]
    answer = post(evas, f"runs/{run}/stop/")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_over_the_quota_the_answer_says_when_to_come_back(anybody: Client, lesson: Lesson) -> None:
    for _ in range(quota.GUEST.at_once):
        post(anybody, "runs/", RUN)
    answer = post(anybody, "runs/", RUN)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "40"  # s: the first of them has come to its end by then
    assert answer.json()["code"] == "too_many_at_once"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"variant": "reference"}, "lesson"),
        ({**RUN, "variant": "other"}, "variant"),
        ({**RUN, "seed": "many"}, "seed"),
        ({**RUN, "script": [[1, "down"]]}, "script"),
        ({**RUN, "controls": {"error_rate": 1000}}, "error_rate"),
    ],
)
def test_a_wrong_field_is_named(anybody: Client, lesson: Lesson, body: dict[str, object], field: str) -> None:
    answer = post(anybody, "runs/", body)
    assert answer.status_code == 400
    told = answer.json()
    assert any(name.split(".")[0] == field for name in told["fields"])
    assert set(told) == {"code", "message", "fields"}


def test_a_body_that_is_not_json_is_told_so(anybody: Client, lesson: Lesson) -> None:
    answer = anybody.post(API + "runs/", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_an_unknown_run_is_not_found_in_russian(anybody: Client, lesson: Lesson) -> None:
    answer = get(anybody, "runs/nothing/")
    assert answer.status_code == 404
    assert answer.json() == {"code": "not_found", "message": "Такого прогона нет."}


def test_a_wrong_method_has_the_same_shape_of_error(anybody: Client, lesson: Lesson) -> None:
    assert set(get(anybody, "runs/").json()) == {"code", "message"}


def test_a_draft_is_saved_and_comes_back_with_the_page(anybody: Client, lesson: Lesson) -> None:
    saved = put(anybody, f"drafts/{SLUG}/demo/", {"text": " x = 1\n", "base": 0}).json()
    mine = get(anybody, f"lessons/{SLUG}/mine/").json()
    assert mine["drafts"]["demo"] == {"version": 1, "text": " x = 1\n", "saved_at": saved["saved_at"]}


def test_a_conflict_answers_409_with_the_other_text(anybody: Client, lesson: Lesson) -> None:
    put(anybody, f"drafts/{SLUG}/demo/", {"text": "one", "base": 0})
    answer = put(anybody, f"drafts/{SLUG}/demo/", {"text": "two", "base": 0})
    assert answer.status_code == 409
    assert answer.json()["theirs"]["text"] == "one"
    kept = answer.json()["kept"]
    assert get(anybody, f"drafts/{SLUG}/demo/versions/{kept}/").json()["text"] == "two"


def test_versions_are_listed_and_restored(anybody: Client, lesson: Lesson) -> None:
    for text in ("one", "two"):
        put(anybody, f"drafts/{SLUG}/demo/", {"text": text, "base": None})
    assert post(anybody, f"drafts/{SLUG}/demo/versions/1/restore/").json()["text"] == "one"
    listed = get(anybody, f"drafts/{SLUG}/demo/versions/").json()["versions"]
    assert [line["version"] for line in listed] == [3, 2, 1]


def test_too_long_a_code_answers_413(anybody: Client, lesson: Lesson) -> None:
    answer = put(anybody, f"drafts/{SLUG}/demo/", {"text": "x" * 70_000, "base": 0})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_draft_of_a_lesson_that_is_not_there_is_refused(anybody: Client, lesson: Lesson) -> None:
    assert put(anybody, "drafts/alchemy/demo/", {"text": "x", "base": 0}).status_code == 404


def test_a_submission_comes_back_with_its_verdict_case_by_case(alisas: Client, lesson: Lesson) -> None:
    sent = post(alisas, "submissions/", {"lesson": SLUG, "code": "x = 1"}).json()
    end(
        sent["run"],
        STARTED,
        passed(1, "Размыкается"),
        trace(2, 1.5, "call.sent", id=1),
        failed(2, "Замыкается"),
        {"kind": "verdict", "ok": False},
    )
    told = get(alisas, f"submissions/{sent['id']}/").json()
    assert (told["state"], told["verdict"]) == ("graded", {"passed": 1, "total": 2, "ok": False})
    assert [case["state"] for case in told["cases"]] == ["passed", "failed"]
    assert told["cases"][1]["run"]


def test_a_guest_who_submits_is_asked_to_sign_in(anybody: Client, lesson: Lesson) -> None:
    answer = post(anybody, "submissions/", {"lesson": SLUG, "code": "x = 1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "login_needed")


def test_only_an_instructor_judges_again(alisas: Client, boriss: Client, lesson: Lesson) -> None:
    sent = post(alisas, "submissions/", {"lesson": SLUG, "code": "x = 1"}).json()
    end(sent["run"], STARTED, passed(1, "a"), passed(2, "b"), {"kind": "verdict", "ok": True})
    assert post(alisas, f"submissions/{sent['id']}/regrade/").status_code == 403
    assert post(boriss, f"submissions/{sent['id']}/regrade/").json()["state"] == "waiting"


def test_progress_is_kept_and_told(anybody: Client, lesson: Lesson) -> None:
    post(anybody, f"progress/{SLUG}/", {"read": True, "predicted": {"when": 7}})
    told = get(anybody, f"lessons/{SLUG}/mine/").json()["progress"]
    assert told == {"read": True, "predicted": {"when": 7}, "quiz": {}, "solved": False, "place": ""}


def test_reading_about_oneself_makes_no_session(anybody: Client, lesson: Lesson) -> None:
    get(anybody, f"lessons/{SLUG}/mine/")
    assert "sessionid" not in anybody.cookies


def test_answers_about_the_reader_are_never_kept_by_a_shared_cache(anybody: Client, lesson: Lesson) -> None:
    assert get(anybody, f"lessons/{SLUG}/mine/")["Cache-Control"] == "private, no-store"


def test_too_frequent_calls_are_slowed_with_the_time_to_wait(
    anybody: Client, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CallerThrottle.THROTTLE_RATES, "read", "2/min")
    cache.clear()
    answers = [get(anybody, "me/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1].json()["code"] == "throttled"


def test_callers_are_counted_apart(
    alisas: Client, evas: Client, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CallerThrottle.THROTTLE_RATES, "read", "1/min")
    cache.clear()
    assert get(alisas, "me/").status_code == 200
    assert get(alisas, "me/").status_code == 429
    assert get(evas, "me/").status_code == 200


def test_a_forged_header_gives_no_fresh_count(
    anybody: Client, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CallerThrottle.THROTTLE_RATES, "read", "1/min")
    cache.clear()
    answers = [get(anybody, "me/", headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in (1, 2)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_guessing_a_password_with_a_new_guests_cookie_each_time_gives_no_fresh_count(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CallerThrottle.THROTTLE_RATES, "token", "1/min")
    cache.clear()
    found = []
    for _ in range(2):
        client = Client()
        put(client, f"drafts/{SLUG}/demo/", {"text": "x", "base": 0})
        assert "sessionid" in client.cookies
        found.append(post(client, "token/", {"email": "a@b.example", "password": "no"}).status_code)
    assert found == [401, 429]


def test_the_schema_describes_every_operation_without_a_warning(tmp_path: object, db: None) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yaml")


@pytest.mark.parametrize("address", ["docs/", "docs/redoc/"])
def test_the_pages_of_the_schema_come_from_this_site_alone(anybody: Client, address: str) -> None:
    html = get(anybody, address).content.decode()
    assert "/static/drf_spectacular_sidecar/" in html
    assert "cdn" not in html.lower()


def test_a_run_is_started_by_the_same_service_the_pages_call(alisas: Client, lesson: Lesson) -> None:
    run = post(alisas, "runs/", {**RUN, "variant": "mine", "code": "x = 1"}).json()["id"]
    started = LessonRun.objects.get(pk=run)
    assert started.code is not None
    assert started.code.text == "x = 1"
