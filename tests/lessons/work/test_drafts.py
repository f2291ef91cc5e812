"""Nothing typed is ever lost."""

from __future__ import annotations

import pytest

from lessons.models import CodeVersion
from lessons.work import drafts
from lessons.work.errors import BadRequest, Conflict, NotFound, TooLarge
from lessons.work.owners import Owner

LESSON = "circuit-breaker"


def texts(owner: Owner) -> list[str]:
    return [version.text for version in drafts.versions(owner, LESSON, "demo")]


def test_every_saved_text_is_a_version_of_its_own(learner: Owner) -> None:
    for n, text in enumerate(["a = 1", "a = 2", "a = 3"]):
        assert drafts.save(learner, LESSON, "demo", text, base=n).n == n + 1
    assert texts(learner) == ["a = 3", "a = 2", "a = 1"]


def test_the_same_text_again_makes_no_new_version(learner: Owner) -> None:
    first = drafts.save(learner, LESSON, "demo", "a = 1", base=0)
    assert drafts.save(learner, LESSON, "demo", "a = 1", base=first.n).pk == first.pk


def test_a_stale_base_is_a_conflict_that_carries_the_newest_version(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "start", base=0)
    drafts.save(learner, LESSON, "demo", "from the other tab", base=1)
    with pytest.raises(Conflict) as caught:
        drafts.save(learner, LESSON, "demo", "from this tab", base=1)
    assert caught.value.theirs["text"] == "from the other tab"
    assert caught.value.theirs["version"] == 2


def test_a_conflict_keeps_both_texts_and_the_newest_stays_the_newest(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "start", base=0)
    drafts.save(learner, LESSON, "demo", "from the other tab", base=1)
    with pytest.raises(Conflict) as caught:
        drafts.save(learner, LESSON, "demo", "from this tab", base=1)
    assert drafts.version(learner, LESSON, "demo", caught.value.kept).text == "from this tab"
    current = drafts.newest(learner, LESSON, "demo")
    assert current is not None
    assert current.text == "from the other tab"


def test_autosave_during_a_conflict_does_not_pile_up_the_same_text(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "theirs", base=0)
    for _ in range(3):
        with pytest.raises(Conflict):
            drafts.save(learner, LESSON, "demo", "mine", base=0)
    assert texts(learner) == ["mine", "theirs"]


def test_a_conflict_is_settled_by_saving_on_top_of_the_newest(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "theirs", base=0)
    with pytest.raises(Conflict) as caught:
        drafts.save(learner, LESSON, "demo", "mine", base=0)
    drafts.save(learner, LESSON, "demo", "mine", base=caught.value.theirs["version"])
    current = drafts.newest(learner, LESSON, "demo")
    assert current is not None
    assert current.text == "mine"


def test_a_stale_base_with_the_same_text_is_no_conflict(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "one", base=0)
    drafts.save(learner, LESSON, "demo", "two", base=1)
    assert drafts.save(learner, LESSON, "demo", "two", base=1).n == 2


def test_an_old_version_can_be_restored_and_nothing_after_it_is_lost(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "old")
    drafts.save(learner, LESSON, "demo", "new")
    drafts.restore(learner, LESSON, "demo", 1)
    assert texts(learner) == ["old", "new", "old"]


def test_code_over_64_kib_is_refused_with_the_size_and_the_bound_in_the_message(learner: Owner) -> None:
    with pytest.raises(TooLarge, match=r"70\sКиБ при пределе 64\sКиБ"):
        drafts.save(learner, LESSON, "demo", "ы" * 35 * 1024)


def test_exactly_64_kib_fits(learner: Owner) -> None:
    assert drafts.save(learner, LESSON, "demo", "x" * drafts.MAX_BYTES).n == 1


def test_line_ends_of_every_system_are_kept_as_newlines(learner: Owner) -> None:
    assert drafts.save(learner, LESSON, "demo", "a\r\nb\rc\n").text == "a\nb\nc\n"


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_characters_no_database_keeps_are_refused(learner: Owner, text: str) -> None:
    with pytest.raises(BadRequest):
        drafts.save(learner, LESSON, "demo", text)


def test_an_unknown_slot_is_not_found(learner: Owner) -> None:
    with pytest.raises(NotFound):
        drafts.save(learner, LESSON, "attic", "a = 1")


def test_nobody_reads_anothers_versions(learner: Owner, stranger: Owner, guest: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "mine")
    for other in (stranger, guest, Owner()):
        assert drafts.newest(other, LESSON, "demo") is None
        with pytest.raises(NotFound):
            drafts.version(other, LESSON, "demo", 1)


def test_slots_and_lessons_count_their_versions_apart(learner: Owner) -> None:
    drafts.save(learner, LESSON, "demo", "x")
    assert drafts.save(learner, LESSON, "exercise", "x").n == 1
    assert drafts.save(learner, "retry", "demo", "x").n == 1
    assert CodeVersion.objects.count() == 3
