"""Markdown of lessons into HTML: blocks, listings, formulas, Russian typography. Knows no Django."""

from lessons.markdown.faults import Fault
from lessons.markdown.listings import Listing
from lessons.markdown.render import Rendered, Renderer

__all__ = ["Fault", "Listing", "Rendered", "Renderer"]
