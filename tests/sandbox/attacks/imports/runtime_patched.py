"""A patched runtime deceives the learner's own log only: the end is still one of ours."""

import json
import os

ENDS = "failed|stopped"
SAYS = "Программа закрылась сама|нарушен формат журнала"


def attack(bait):
    import sandbox.guest.wire as wire

    wire.Outbox.write = lambda self, event: os.write(
        self.fd, json.dumps({"kind": "run.started"}).encode() + b"\n"
    )
    wire.encode = lambda event: b""
    os._exit(0)
