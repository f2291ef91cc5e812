"""The models of the course: `content` is what `loadcourse` wrote, `work` is what people did with it."""

from lessons.models.content import Chapter, Lesson, Recording, Status
from lessons.models.work import (
    CodeVersion,
    Grading,
    Judging,
    LessonRun,
    Progress,
    Slot,
    Submission,
    Variant,
)

__all__ = [
    "Chapter",
    "CodeVersion",
    "Grading",
    "Judging",
    "Lesson",
    "LessonRun",
    "Progress",
    "Recording",
    "Slot",
    "Status",
    "Submission",
    "Variant",
]
