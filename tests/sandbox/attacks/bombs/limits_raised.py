"""No bound can be raised, nor another process's be touched."""

import resource

HELD = "nothing"


def attack(bait):
    raised = []
    for name in ("NPROC", "FSIZE", "AS", "CORE", "NOFILE", "MEMLOCK", "CPU", "MSGQUEUE", "RTPRIO", "NICE"):
        kind = getattr(resource, "RLIMIT_" + name, None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        try:
            resource.setrlimit(kind, (hard + 1, hard + 1))
        except (OSError, ValueError):
            continue
        raised.append(name)
    try:
        resource.prlimit(1, resource.RLIMIT_NPROC, (0, 0))
        raised.append("process 1's")
    except OSError:
        pass
    return raised
