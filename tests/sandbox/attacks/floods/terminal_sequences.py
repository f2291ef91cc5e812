"""Terminal sequences stay text: no raw control character is in the log that an operator may look at."""

HELD = "nothing"
SHOWN = "\x1b[2J\x1b]0;чужое имя\x07\x08\r\x00"


def attack(bait):
    print(SHOWN)
