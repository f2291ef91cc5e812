"""A program with the setuid bit makes nobody anybody else."""

import os
import shutil
import subprocess

HELD = "nothing"


def attack(bait):
    shutil.copy("/usr/local/bin/python3", "python3")
    os.chmod("python3", 0o6777)
    code = "import os; print(os.getresuid(), os.getresgid())"
    told = subprocess.run(
        ["./python3", "-ISc", code],
        capture_output=True,
        text=True,
        env={"LD_LIBRARY_PATH": "/usr/local/lib", "PYTHONHOME": "/usr/local"},
    )
    return told.stdout.strip().replace("(65534, 65534, 65534) (65534, 65534, 65534)", "")
