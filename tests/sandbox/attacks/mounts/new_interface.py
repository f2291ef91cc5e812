"""Nor by the newer calls: open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr."""

import errno

from kernel import refusals

HELD = "nothing"


def attack(bait):
    return refusals(range(428, 434), errno.EPERM) + refusals([442, 467], errno.EPERM)
