"""A refusal in the judge's own form is shown sign by sign, and a world that then falls silent is not waited for."""
# told: \ud800\u202e\x1b[2J КУПИТЕ
# ruff: noqa
import json
import os
import sys

from sandbox.guest import calls


def the_world():
    frame = sys._getframe()
    while frame:
        if type(frame.f_locals.get("self")) is calls.World:
            return frame.f_locals["self"]
        frame = frame.f_back


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        world = the_world()
        line = {"id": world.request["id"], "t": world.t, "unsendable": "\ud800\u202e\x1b[2J КУПИТЕ"}
        os.write(world.event_out.fileno(), json.dumps(line).encode() + b"\n")
        os.read(os.pipe()[0], 1)

    async def fetch(self, backend, key):
        return 0

    later = fetch
