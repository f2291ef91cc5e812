"""Search over the course's texts: Russian and English, by stems."""

from lessons.search.index import Found, find

__all__ = ["Found", "find"]
