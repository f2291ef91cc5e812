"""The admin speaks Russian: unfold ships without it, so its words are ours."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import override

WORDS = Path(__file__).resolve().parents[2] / "classroom" / "locale" / "ru" / "LC_MESSAGES"


def test_the_compiled_words_are_those_of_the_source() -> None:
    source = (WORDS / "django.po").read_text()
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source, re.MULTILINE)
    with (WORDS / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert pairs
    assert [compiled.gettext(word) for word, _ in pairs] == [russian for _, russian in pairs]


def test_unfolds_words_are_translated() -> None:
    with override("ru"):
        assert _("Search apps and models...") == "Поиск по разделам…"
