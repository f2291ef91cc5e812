"""The instructors' admin: Борис teaches in it, Ева never gets in."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from classroom import dashboard
from classroom.models import User
from lessons.models import Judging, Lesson, LessonRun, Submission
from lessons.work import quota, runs, submissions
from lessons.work.errors import OverQuota
from lessons.work.owners import Owner
from sandbox import stream
from sandbox.models import Run
from tests.lessons.work.course import STARTED, end, failed, passed, trace

SLUG = "circuit-breaker"
PRESSED = {"_form_submitted": "on"}  # what the dialog of a button posts
PAGES = [
    "admin:index",
    "admin:classroom_user_changelist",
    "admin:lessons_lessonrun_changelist",
    "admin:lessons_submission_changelist",
    "admin:lessons_lesson_changelist",
    "admin:lessons_chapter_changelist",
]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def teaching(boris: User) -> Client:
    return signed_in(boris)


@pytest.fixture
def run(lesson: Lesson, alisa: User) -> LessonRun:
    return runs.start_run(Owner(user=alisa), lesson=SLUG, variant="mine", code="x = 'a<b'\n")


@pytest.fixture
def sent(lesson: Lesson, alisa: User) -> Submission:
    submission = submissions.submit(Owner(user=alisa), lesson=SLUG, code="class CircuitBreaker: ...")
    end(
        submission.run_id,
        STARTED,
        passed(1, "Размыкается"),
        trace(2, 1.5, "call.sent", id=1),
        failed(2, "Замыкается"),
        {"kind": "verdict", "ok": False},
    )
    submission.refresh_from_db()
    return submission


def html(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("name", PAGES)
def test_an_instructor_opens_every_page(
    teaching: Client, lesson: Lesson, run: LessonRun, sent: Submission, name: str
) -> None:
    html(teaching, name)


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_kept_out(eva: User, lesson: Lesson, name: str) -> None:
    assert signed_in(eva).get(reverse(name), follow=True).status_code == 403


def test_a_guest_is_sent_to_the_one_login_page(db: None) -> None:
    answer = Client().get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


def test_staff_without_the_group_sees_no_work_of_others(lesson: Lesson, eva: User) -> None:
    eva.is_staff = True
    eva.save()
    client = signed_in(eva)
    assert "Прогоны сегодня" not in html(client, "admin:index")
    assert client.get(reverse("admin:lessons_submission_changelist")).status_code == 403


def test_a_runs_page_shows_its_code_escaped_and_links_to_the_run(teaching: Client, run: LessonRun) -> None:
    page = html(teaching, "admin:lessons_lessonrun_change", run.pk)
    assert f'href="/runs/{run.pk}/"' in page
    assert "a&lt;b" in page


def test_runs_are_filtered_by_being_alive(teaching: Client, run: LessonRun, alisa: User) -> None:
    ended = runs.start_run(Owner(user=alisa), lesson=SLUG, variant="reference")
    end(ended.pk)
    address = reverse("admin:lessons_lessonrun_changelist")
    page = teaching.get(address, {"state": "live"}).content.decode()
    assert run.pk in page
    assert ended.pk not in page


def test_runs_that_we_broke_are_found_by_a_filter(teaching: Client, run: LessonRun) -> None:
    end(run.pk, state="lost", reason="ours", text="Прогон прервался.")
    page = teaching.get(reverse("admin:lessons_lessonrun_changelist"), {"state": "ours"}).content.decode()
    assert "Прогон прервался." in page


def stop_address(run: LessonRun) -> str:
    return reverse("admin:lessons_lessonrun_stop_one", args=[run.pk])


def test_a_live_run_has_a_button_to_stop_it(teaching: Client, run: LessonRun) -> None:
    assert stop_address(run) in html(teaching, "admin:lessons_lessonrun_change", run.pk)


def test_an_ended_run_has_no_button(teaching: Client, run: LessonRun) -> None:
    end(run.pk)
    assert stop_address(run) not in html(teaching, "admin:lessons_lessonrun_change", run.pk)


def asked_to_stop(run: LessonRun, valkey: str) -> bool:
    with redis.Redis.from_url(valkey) as client:
        return bool(client.exists(stream.control_key(run.pk)))


def test_the_button_asks_first_and_a_get_stops_nothing(
    teaching: Client, run: LessonRun, clean_valkey: str
) -> None:
    assert "Остановить прогон?" in teaching.get(stop_address(run)).content.decode()
    assert not asked_to_stop(run, clean_valkey)
    teaching.post(stop_address(run), PRESSED)
    assert asked_to_stop(run, clean_valkey)


@pytest.mark.django_db(transaction=True)
def test_the_button_ends_a_run_that_waits_in_the_queue(
    teaching: Client, run: LessonRun, clean_valkey: str
) -> None:
    teaching.post(stop_address(run), PRESSED)
    assert b'"state":"stopped"' in b"".join(Run.objects.get(pk=run.pk).events())


def test_a_stranger_does_not_stop_a_run_in_the_admin(eva: User, run: LessonRun, clean_valkey: str) -> None:
    signed_in(eva).post(stop_address(run), PRESSED)
    assert not asked_to_stop(run, clean_valkey)


def test_a_submission_shows_code_verdict_case_by_case_and_the_way_to_the_failed_run(
    teaching: Client, sent: Submission
) -> None:
    page = html(teaching, "admin:lessons_submission_change", sent.pk)
    assert "admin-code" in page
    assert "1 из 2" in page
    assert "состояние после трёх ошибок" in page
    assert "<code>threshold = 3</code>" in page
    assert "{{" not in page
    assert f"/runs/{sent.cases[1]['run']}/?t=1.5" in page


def test_an_instructor_judges_a_submission_again(teaching: Client, sent: Submission, boris: User) -> None:
    teaching.post(reverse("admin:lessons_submission_regrade_one", args=[sent.pk]), PRESSED)
    assert Judging.objects.filter(submission=sent, asked_by=boris).count() == 1
    assert "отправил преподаватель: Борис" in html(teaching, "admin:lessons_submission_change", sent.pk)


def test_several_submissions_are_judged_again_at_once(teaching: Client, sent: Submission) -> None:
    body = {"action": "regrade_chosen", "_selected_action": [str(sent.pk)]}
    teaching.post(reverse("admin:lessons_submission_changelist"), body)
    sent.refresh_from_db()
    assert sent.state == "waiting"


def test_an_instructor_raises_a_quota(teaching: Client, alisa: User) -> None:
    address = reverse("admin:classroom_user_change", args=[alisa.pk])
    teaching.post(address, {"runs_at_once": "9", "runs_per_hour": ""})
    alisa.refresh_from_db()
    assert alisa.runs_at_once == 9


def test_a_raised_quota_acts_with_the_very_next_start(
    teaching: Client, lesson: Lesson, alisa: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "USER", quota.Bound(at_once=1, per_hour=100, cpu=900))
    start = partial(runs.start_run, lesson=SLUG, variant="reference")
    start(Owner(user=alisa))
    with pytest.raises(OverQuota):
        start(Owner(user=User.objects.get(pk=alisa.pk)))
    teaching.post(reverse("admin:classroom_user_change", args=[alisa.pk]), {"runs_at_once": "2"})
    start(Owner(user=User.objects.get(pk=alisa.pk)))


def test_the_form_of_a_quota_says_what_everybody_has(teaching: Client, alisa: User) -> None:
    usual = f"{quota.USER.at_once}\u00a0прогона сразу, {quota.USER.per_hour}\u00a0в\u00a0час"
    assert usual in html(teaching, "admin:classroom_user_change", alisa.pk)


def chosen(client: Client, action: str, *users: User) -> Any:
    body = {"action": action, "_selected_action": [str(user.pk) for user in users]}
    return client.post(reverse("admin:classroom_user_changelist"), body, follow=True)


def test_an_instructor_gives_a_class_its_quota_at_once_and_takes_it_back(
    teaching: Client, alisa: User, eva: User
) -> None:
    for action, expected in (("raise_quotas", quota.CLASS), ("usual_quotas", quota.USER)):
        chosen(teaching, action, alisa, eva)
        for user in User.objects.filter(pk__in=[alisa.pk, eva.pk]):
            assert quota.bound(Owner(user=user)) == expected


def test_who_may_not_raise_quotas_is_not_offered_it(eva: User, alisa: User) -> None:
    eva.is_staff = True
    eva.save()
    eva.user_permissions.add(Permission.objects.get(codename="view_user"))
    chosen(signed_in(eva), "raise_quotas", alisa)
    alisa.refresh_from_db()
    assert alisa.runs_at_once is None


def test_an_instructor_cannot_make_anybody_staff_nor_rename_them(teaching: Client, alisa: User) -> None:
    address = reverse("admin:classroom_user_change", args=[alisa.pk])
    body = {"runs_at_once": "9", "is_staff": "on", "is_superuser": "on", "email": "taken@example.org"}
    teaching.post(address, body)
    alisa.refresh_from_db()
    assert (alisa.is_staff, alisa.is_superuser, alisa.email) == (False, False, "alisa@poligon.example")


def test_an_instructor_does_not_see_so_much_as_the_hash_of_a_password(teaching: Client, alisa: User) -> None:
    assert "argon2" not in html(teaching, "admin:classroom_user_change", alisa.pk)


def test_an_instructor_cannot_set_a_superusers_password(teaching: Client, db: None) -> None:
    root = User.objects.create_superuser("root@example.org", "a long password")
    answer = teaching.post(
        reverse("admin:auth_user_password_change", args=[root.pk]),
        {"password1": "novyi-parol-7", "password2": "novyi-parol-7", "usable_password": "true"},
    )
    root.refresh_from_db()
    assert answer.status_code == 403
    assert root.check_password("a long password")


def test_an_instructor_cannot_delete_people(teaching: Client, alisa: User) -> None:
    assert (
        teaching.post(reverse("admin:classroom_user_delete", args=[alisa.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_a_superuser_adds_a_user_by_e_mail(db: None) -> None:
    client = signed_in(User.objects.create_superuser("root@example.org", "a long password"))
    client.post(
        reverse("admin:classroom_user_add"),
        {
            "email": "new@example.org",
            "name": "Новая",
            "usable_password": "true",
            "password1": "novyi-parol-7",
            "password2": "novyi-parol-7",
        },
    )
    assert User.objects.get(email="new@example.org").check_password("novyi-parol-7")


def test_what_services_write_nobody_edits_by_hand(db: None, sent: Submission) -> None:
    client = signed_in(User.objects.create_superuser("root@example.org", "a long password"))
    address = reverse("admin:lessons_submission_change", args=[sent.pk])
    assert client.post(address, {"passed": "2", "ok": "on"}).status_code == 403
    sent.refresh_from_db()
    assert not sent.ok


def test_the_first_page_counts_runs_solutions_and_what_people_stumble_over(
    teaching: Client, run: LessonRun, sent: Submission
) -> None:
    page = html(teaching, "admin:index")
    assert "в очереди" in page
    assert "0\u00a0% (0 из\u00a01)" in page.replace("&nbsp;", "\u00a0")
    assert "Замыкается" in page


def test_the_first_page_lists_our_own_faults(teaching: Client, run: LessonRun) -> None:
    end(run.pk, state="lost", reason="ours", text="Песочница не смогла выполнить прогон.")
    assert "Песочница не смогла выполнить прогон." in html(teaching, "admin:index")


def test_a_user_is_shown_with_what_they_do(teaching: Client, alisa: User, run: LessonRun) -> None:
    page = html(teaching, "admin:classroom_user_change", alisa.pk)
    assert "1\u00a0прогон" in page


def test_cases_are_not_counted_among_what_people_ran(
    teaching: Client, run: LessonRun, sent: Submission, alisa: User
) -> None:
    assert LessonRun.objects.filter(variant="case").exists()
    assert dashboard.runs_today()["total"] == 1
    assert "1\u00a0прогон<" in html(teaching, "admin:classroom_user_change", alisa.pk)


def test_the_list_of_runs_leaves_cases_out_until_they_are_asked_for(
    teaching: Client, run: LessonRun, sent: Submission
) -> None:
    case = LessonRun.objects.get(variant="case")
    address = reverse("admin:lessons_lessonrun_changelist")
    shown = {
        asked: {
            pk
            for pk in (run.pk, case.pk)
            if pk in teaching.get(address, asked and {"variant": asked}).content.decode()
        }
        for asked in ("", "case", "all")
    }
    assert shown == {"": {run.pk}, "case": {case.pk}, "all": {run.pk, case.pk}}


@pytest.mark.parametrize(
    "name", ["admin:lessons_lessonrun_changelist", "admin:lessons_submission_changelist"]
)
def test_lists_and_filters_name_lessons_by_title(
    teaching: Client, run: LessonRun, sent: Submission, name: str
) -> None:
    page = html(teaching, name)
    assert page.count("5.1 Circuit breaker") >= 2  # a row and the filter
    assert f">{SLUG}<" not in page


def test_rows_are_found_by_the_lessons_title(teaching: Client, run: LessonRun) -> None:
    address = reverse("admin:lessons_lessonrun_changelist")
    assert run.pk in teaching.get(address, {"q": "Circuit breaker"}).content.decode()
    assert run.pk not in teaching.get(address, {"q": "Saga"}).content.decode()


def test_a_lesson_that_left_the_course_goes_by_its_slug(teaching: Client, run: LessonRun) -> None:
    Lesson.objects.all().delete()
    assert SLUG in html(teaching, "admin:lessons_lessonrun_changelist")


def test_the_first_page_names_lessons_by_title_and_leads_to_the_solution_we_broke(
    teaching: Client, lesson: Lesson, alisa: User
) -> None:
    broken = submissions.submit(Owner(user=alisa), lesson=SLUG, code="x = 1")
    end(broken.run_id, state="lost", reason="ours", text="Песочница не смогла.")
    page = html(teaching, "admin:index")
    assert f'href="/admin/lessons/submission/{broken.pk}/change/">5.1 Circuit breaker</a>' in page
