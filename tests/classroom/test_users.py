"""Users sign in by e-mail, and there is one spelling of it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from classroom import demo
from classroom.groups import INSTRUCTORS
from classroom.models import User
from lessons.models import CodeVersion, Lesson, LessonRun, Submission
from lessons.work import runs, submissions
from lessons.work.owners import Owner


def test_an_address_is_kept_in_lower_case_without_spaces(db: None) -> None:
    assert User.objects.create_user("  Anna@Example.ORG ").email == "anna@example.org"


def test_the_same_address_in_other_letters_is_taken(db: None) -> None:
    User.objects.create_user("anna@example.org")
    with pytest.raises(IntegrityError):
        User.objects.create_user("ANNA@example.org")


def test_a_taken_address_is_told_in_a_form_too(db: None) -> None:
    User.objects.create_user("anna@example.org")
    with pytest.raises(ValidationError):
        User(email="Anna@Example.org", password="x").full_clean()


def test_a_user_without_an_address_is_not_made(db: None) -> None:
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user(" ")


def test_a_superuser_may_enter_the_admin(db: None) -> None:
    user = User.objects.create_superuser("root@example.org", "a long password")
    assert user.is_staff
    assert user.is_superuser


def test_a_nameless_user_is_called_by_their_address(db: None) -> None:
    user = User.objects.create_user("anna@example.org")
    assert (str(user), user.get_short_name()) == ("anna@example.org", "anna")


def test_instructors_have_the_rights_they_teach_with(boris: User) -> None:
    assert boris.groups.get().name == INSTRUCTORS
    for right in (
        "classroom.view_user",
        "classroom.raise_quota",
        "lessons.view_lesson",
        "lessons.view_lessonrun",
        "lessons.stop_lessonrun",
        "lessons.view_submission",
        "lessons.regrade_submission",
    ):
        assert boris.has_perm(right), right


def test_instructors_have_no_right_over_accounts_and_groups(boris: User) -> None:
    for right in (
        "classroom.change_user",
        "classroom.delete_user",
        "auth.change_group",
        "lessons.change_lesson",
    ):
        assert not boris.has_perm(right), right


def test_demo_users_are_made_once_however_often_they_are_asked_for(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("demousers")
    call_command("demousers")
    assert User.objects.count() == len(demo.CAST)
    assert "alisa@poligon.example" in capsys.readouterr().out


def test_a_demo_user_can_sign_in_with_the_printed_password(db: None) -> None:
    call_command("demousers", "--quiet")
    for person in demo.CAST:
        assert User.objects.get(email=person.email).check_password(person.password)


def test_demo_users_are_not_made_on_a_server(db: None, settings: object) -> None:
    settings.LOCAL = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError):
        call_command("demousers")
    assert not User.objects.exists()


def test_a_deleted_user_takes_their_work_along_and_leaves_shared_runs_nameless(
    lesson: Lesson, alisa: User
) -> None:
    owner = Owner(user=alisa)
    run = runs.start_run(owner, lesson="circuit-breaker", variant="mine", code="x = 1")
    submissions.submit(owner, lesson="circuit-breaker", code="x = 1")
    alisa.delete()
    assert not Submission.objects.exists()
    assert not CodeVersion.objects.exists()
    left = LessonRun.objects.get(pk=run.pk)
    assert (left.user, left.owner_name) == (None, "гость")
