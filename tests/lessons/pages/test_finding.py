"""Ways to find something: search, the glossary, a chapter's page."""

from __future__ import annotations

from django.test import Client

from tests.lessons.content.course import Course


def found(client: Client, query: str) -> str:
    return client.get("/search/", {"q": query, "part": "1"}).content.decode()


def test_a_word_in_another_form_finds_its_section(course: Course, client: Client) -> None:
    page = found(client, "счетчики")
    assert '<a href="/lessons/counter/#nachalo">Начало</a>' in page
    assert "<mark>счётчик</mark>" in page


def test_an_unfinished_word_finds_it_too(course: Course, client: Client) -> None:
    assert "/lessons/counter/#nachalo" in found(client, "счёт счи")


def test_code_in_a_listing_is_found(course: Course, client: Client) -> None:
    assert "<mark>most</mark>" in found(client, "most")


def test_a_term_is_found_in_the_glossary(course: Course, client: Client) -> None:
    assert 'href="/glossary/#count"' in found(client, "перечисление")


def test_sections_with_every_word_stand_before_all_others(course: Course, client: Client) -> None:
    course.write(
        "01-counting/03-other/lesson.md",
        '+++\ntitle = "Ещё"\naim = "Второй"\n+++\n## Раз\nОбъезд.\n\n## Два\nОбъезд колеса.\n',
    )
    from lessons.loader import load_course

    load_course()
    page = found(client, "объезд колесо")
    assert "#dva" in page
    assert "#raz" not in page


def test_a_lesson_still_to_come_is_marked_so(course: Course, client: Client) -> None:
    assert "(готовится)" in found(client, "когда-нибудь")


def test_what_eva_typed_is_shown_as_text(course: Course, client: Client) -> None:
    page = client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_nothing_found_says_where_else_to_look(course: Course, client: Client) -> None:
    page = found(client, "квинтэссенция")
    assert "ничего нет" in page
    assert "/glossary/" in page


def test_the_empty_page_of_search_asks_for_nothing(course: Course, client: Client) -> None:
    page = client.get("/search/")
    assert page.status_code == 200
    assert "ничего нет" not in page.content.decode()


def test_the_glossary_explains_each_term_and_leads_to_its_lesson(course: Course, client: Client) -> None:
    page = client.get("/glossary/").content.decode()
    assert 'id="count"' in page
    assert "<em>по\u00a0одному</em>" in page
    assert 'href="/lessons/counter/"' in page


def test_a_chapter_has_its_lessons_terms_and_neighbours(course: Course, client: Client) -> None:
    page = client.get("/chapters/counting/").content.decode()
    assert "Глава 1. Счёт" in page
    assert 'href="/lessons/counter/"' in page
    assert 'id="count"' in page
    assert 'rel="next" href="/chapters/empty/"' in page


def test_an_unknown_chapter_is_not_found(course: Course, client: Client) -> None:
    assert client.get("/chapters/nothing/").status_code == 404


def test_the_same_chapter_goes_to_everybody(course: Course, client: Client, alisas: Client) -> None:
    for address in ("/chapters/counting/", "/glossary/"):
        assert client.get(address).content == alisas.get(address).content
