"""From `content/` to the database: read, check everything, render, save in one transaction."""

from lessons.loader.course import Report, load_course
from lessons.loader.problems import CourseInvalid, Problem

__all__ = ["CourseInvalid", "Problem", "Report", "load_course"]
