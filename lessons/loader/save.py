"""The built course into the database, all of it or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from lessons.loader.folders import ChapterFolder
from lessons.loader.lesson import BuiltLesson
from lessons.models.content import Chapter, Lesson, Recording, Status


def _place(kind: type[Chapter] | type[Lesson], slug: str, values: Mapping[str, object]) -> bool:
    """Make the row of this slug hold these values. True when that changed anything."""
    row = kind._default_manager.filter(slug=slug).first()
    if row is None:
        kind._default_manager.create(slug=slug, **values)
        return True
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save()
    return bool(changed)


@transaction.atomic
def save(
    chapters: Sequence[ChapterFolder], built: Mapping[str, BuiltLesson], digests: Mapping[str, str]
) -> list[str]:
    """Write chapters, built and planned lessons; drop what is no longer there. Returns slugs that changed.

    A lesson in `digests` but not in `built` is unchanged; only its place in the course is written.
    """
    changed: list[str] = []
    for folder in chapters:
        values = {"number": folder.number, "title": folder.title, "aim": folder.aim}
        if _place(Chapter, folder.slug, values):
            changed.append(folder.slug)
        chapter = Chapter.objects.get(slug=folder.slug)
        for plan in folder.planned:
            blank = {
                "chapter_id": chapter.pk, "number": plan.number, "title": plan.title, "aim": plan.aim,
                "status": Status.PLANNED, "minutes": 0, "html": "", "page": {}, "spec": {}, "files": {},
                "private": {}, "recording_id": None, "digest": "", "has_demo": False, "has_exercise": False,
            }  # fmt: skip
            if _place(Lesson, plan.slug, blank):
                changed.append(plan.slug)
        for source in folder.lessons:
            place: dict[str, object] = {"chapter_id": chapter.pk, "number": source.number}
            lesson = built.get(source.slug)
            if lesson is not None:
                place |= _contents(lesson) | {"status": Status.READY, "digest": digests[source.slug]}
            if _place(Lesson, source.slug, place):
                changed.append(source.slug)
    changed += _drop(chapters)
    return changed


def _contents(lesson: BuiltLesson) -> dict[str, object]:
    tape = lesson.recording
    if tape is not None:
        Recording.objects.get_or_create(
            digest=tape.digest, defaults={"body": tape.body, "events": tape.events}
        )
    return {
        "title": lesson.title, "aim": lesson.aim, "minutes": lesson.minutes, "html": lesson.html,
        "page": lesson.page, "spec": lesson.spec, "files": lesson.files, "private": lesson.private,
        "recording_id": tape.digest if tape else None,
        "has_demo": bool(lesson.spec), "has_exercise": bool(lesson.private),
    }  # fmt: skip


def _drop(chapters: Sequence[ChapterFolder]) -> list[str]:
    slugs = {slug for folder in chapters for slug in folder.slugs}
    gone = Lesson.objects.exclude(slug__in=slugs)
    chapters_gone = Chapter.objects.exclude(slug__in={folder.slug for folder in chapters})
    dropped = [*gone.values_list("slug", flat=True), *chapters_gone.values_list("slug", flat=True)]
    gone.delete()
    chapters_gone.delete()
    used = Lesson.objects.exclude(recording=None).values("recording_id")
    Recording.objects.exclude(pk__in=used).delete()
    return dropped
