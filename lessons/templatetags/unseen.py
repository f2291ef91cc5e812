"""`{{ run.code|visible }}`: what other people have written, with its unseen signs seen."""

from __future__ import annotations

from django import template

from lessons.unseen import visible

register = template.Library()


@register.filter(name="visible", is_safe=False)
def visible_filter(text: str) -> str:
    """See `lessons.unseen`. The result is escaped as any text is."""
    return visible(text)
