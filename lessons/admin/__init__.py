"""What instructors see of the course: runs, solutions, lessons. Everything here is to read; the two
things one can do (stop a run, judge again) are POSTs with a right of their own."""

from lessons.admin import course, runs, submissions

__all__ = ["course", "runs", "submissions"]
