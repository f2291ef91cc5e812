"""Half a character, line separators and reversed writing spoil no line of the log."""

HELD = "nothing"


def attack(bait):
    print("\ud800 \u2028 \u2029 \u202e \ufeff \x85")
