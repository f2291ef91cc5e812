"""Registration, login, logout and password reset, as a browser meets them."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from classroom import demo
from classroom.models import User
from lessons.models import Lesson
from lessons.work import drafts
from lessons.work.owners import Owner
from tests.lessons.api.calls import get, put

SLUG = "circuit-breaker"
ALISA = demo.CAST[0]
NEW = {
    "email": "Vera@Example.org",
    "name": "Вера",
    "password1": "tikhaya-zavod",
    "password2": "tikhaya-zavod",
}


@pytest.fixture
def visitor(db: None) -> Client:
    return Client(headers={"accept-language": "ru"})


def sign_in(visitor: Client, email: str = ALISA.email, password: str = ALISA.password) -> str:
    answer = visitor.post("/accounts/login/", {"login": email, "password": password}, follow=True)
    return str(answer.content.decode())


def who(visitor: Client) -> str | None:
    user = get(visitor, "me/").json()["user"]
    return user and user["email"]


def test_registration_makes_a_user_with_a_name_and_signs_them_in(visitor: Client) -> None:
    visitor.post("/accounts/signup/", NEW)
    assert User.objects.get(email="vera@example.org").name == "Вера"
    assert who(visitor) == "vera@example.org"


def test_the_form_of_registration_asks_for_a_name(visitor: Client) -> None:
    html = visitor.get("/accounts/signup/").content.decode()
    assert "Как вас зовут" in html


def test_a_taken_address_is_refused_in_russian(visitor: Client, alisa: User) -> None:
    answer = visitor.post("/accounts/signup/", {**NEW, "email": ALISA.email})
    assert "уже зарегистрирован" in answer.content.decode()


def test_a_common_password_is_refused_in_russian(visitor: Client) -> None:
    answer = visitor.post("/accounts/signup/", {**NEW, "password1": "password1", "password2": "password1"})
    assert "слишком широко распространён" in answer.content.decode()
    assert not User.objects.exists()


def test_the_login_takes_the_address_in_any_letters(visitor: Client, alisa: User) -> None:
    sign_in(visitor, " ALISA@poligon.example")
    assert who(visitor) == ALISA.email


def test_a_wrong_password_is_told_in_russian(visitor: Client, alisa: User) -> None:
    assert "Не\u00a0подходит адрес или пароль" in sign_in(visitor, password="wrong")


def test_a_switched_off_user_does_not_get_in(visitor: Client, alisa: User) -> None:
    alisa.is_active = False
    alisa.save()
    sign_in(visitor)
    assert who(visitor) is None


def test_logging_out_forgets_the_user(visitor: Client, alisa: User) -> None:
    sign_in(visitor)
    visitor.post("/accounts/logout/")
    assert who(visitor) is None


def test_a_forgotten_password_is_replaced_by_a_link_in_a_letter(visitor: Client, alisa: User) -> None:
    visitor.post("/accounts/password/reset/", {"email": ALISA.email})
    (letter,) = mail.outbox
    found = re.search(r"http://testserver(/\S+)", str(letter.body))
    assert found is not None
    form = visitor.get(found[1], follow=True)
    visitor.post(form.request["PATH_INFO"], {"password1": "novyi-parol-7", "password2": "novyi-parol-7"})
    alisa.refresh_from_db()
    assert alisa.check_password("novyi-parol-7")


def test_letters_are_in_russian(visitor: Client, alisa: User) -> None:
    visitor.post("/accounts/password/reset/", {"email": ALISA.email})
    assert "Полигон: " in mail.outbox[0].subject
    assert "парол" in str(mail.outbox[0].body)


def test_asking_for_an_unknown_address_tells_nothing_about_who_is_here(visitor: Client, alisa: User) -> None:
    known = visitor.post("/accounts/password/reset/", {"email": ALISA.email})
    unknown = visitor.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_guessing_passwords_is_stopped(visitor: Client, alisa: User) -> None:
    answers = [sign_in(visitor, password=f"guess-{n}") for n in range(12)]
    sign_in(visitor)
    assert "Слишком много попыток" in answers[-1]
    assert who(visitor) is None


def test_what_a_guest_typed_is_the_users_after_login(visitor: Client, lesson: Lesson, alisa: User) -> None:
    put(visitor, f"drafts/{SLUG}/demo/", {"text": "typed as a guest", "base": 0})
    sign_in(visitor)
    mine = get(visitor, f"lessons/{SLUG}/mine/").json()
    assert mine["drafts"]["demo"]["text"] == "typed as a guest"


def test_what_a_guest_typed_is_the_users_after_registration(visitor: Client, lesson: Lesson) -> None:
    put(visitor, f"drafts/{SLUG}/demo/", {"text": "typed as a guest", "base": 0})
    visitor.post("/accounts/signup/", NEW)
    vera = User.objects.get(email="vera@example.org")
    kept = drafts.newest(Owner(user=vera), SLUG, "demo")
    assert kept is not None
    assert kept.text == "typed as a guest"


def test_after_logging_out_nothing_of_the_user_is_left_for_the_next_guest(
    visitor: Client, lesson: Lesson, alisa: User
) -> None:
    sign_in(visitor)
    put(visitor, f"drafts/{SLUG}/demo/", {"text": "hers", "base": 0})
    visitor.post("/accounts/logout/")
    assert get(visitor, f"lessons/{SLUG}/mine/").json()["drafts"]["demo"] is None


def test_letters_of_a_developers_machine_go_to_files_and_the_console(
    settings: object, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "classroom.mail.DevelopmentBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = tmp_path  # type: ignore[attr-defined]
    mail.send_mail("Проверка", "Письмо", None, ["alisa@poligon.example"])
    assert len(list(tmp_path.iterdir())) == 1  # type: ignore[attr-defined]
    assert "alisa@poligon.example" in capsys.readouterr().out
