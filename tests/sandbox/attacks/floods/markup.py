"""Markup stays text: it travels as a JSON string, and scenes put it into the page as text."""

HELD = "nothing"
SHOWN = "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;"


def attack(bait):
    print(SHOWN)
