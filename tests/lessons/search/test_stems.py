"""Words and their stems."""

from __future__ import annotations

import pytest

from lessons.search.sections import cut, plain
from lessons.search.stems import asked, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("предохранитель", "предохранителями"),
        ("вызов", "вызовов"),
        ("счётчик", "счетчика"),
        ("Кэш", "кэшем"),
        ("timeout", "timeouts"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_words_that_tell_nothing_are_left_out() -> None:
    assert [found for found, _, _ in words("и не только о них")] == [stem("них")]


def test_parts_of_a_hyphened_word_are_words_too() -> None:
    found = [stem for stem, _, _ in words("тайм-аут")]
    assert found == [stem("тайм-аут"), stem("тайм"), stem("аут")]


def test_a_word_asked_twice_counts_once() -> None:
    assert len(asked("ключ ключи КЛЮЧ")) == 1


def test_text_is_cut_at_its_headings_without_markup() -> None:
    heading = '<h2 id="a">Пер\u00adвый <a class="anchor" href="#a">#</a></h2>'
    html = f"<p>До.</p>{heading}<p>Раз &lt;b&gt;.</p><p>Два.</p>"
    sections = [(section.anchor, section.title, section.text) for section in cut(html)]
    assert sections == [("", "", "До."), ("a", "Первый", "Раз <b>. Два.")]


def test_the_source_of_a_formula_is_not_text() -> None:
    assert plain("<math><mi>k</mi><annotation>\\frac{k}</annotation></math>") == "k"
