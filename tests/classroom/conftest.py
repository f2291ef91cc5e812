"""The cast."""

from tests.classroom.cast import alisa, boris, eva
from tests.classroom.statics import plain_statics
from tests.lessons.work.course import lesson

__all__ = ["alisa", "boris", "eva", "lesson", "plain_statics"]
