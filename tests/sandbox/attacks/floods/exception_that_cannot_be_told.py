"""An exception that breaks whoever asks for its text still ends the run as the learner's."""

ENDS = "failed"
SAYS = "Программа"


class Mute(BaseException):
    def __str__(self):
        raise self


def attack(bait):
    raise Mute
