"""The course and what people do in it."""

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

__all__ = ["CodeVersion", "Grading", "Judging", "LessonRun", "Progress", "Slot", "Submission", "Variant"]
