"""Given to every attack inside the jail: system calls by number, and the event pipe."""

import ctypes
import errno
import fcntl
import os
import stat

_libc = ctypes.CDLL(None, use_errno=True)


def syscall(number, *arguments):
    """The call's result; OSError when the kernel refuses it."""
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = _libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{errno.errorcode.get(number, number)}")
    return result


def refusals(numbers, expected):
    """Those of the calls (made with arguments of no sense) that came to anything but the expected errno."""
    other = []
    for number in numbers:
        try:
            came = f"returned {syscall(number, 0, 0, 0, 0, 0)}"
        except OSError as error:
            if error.errno == expected:
                continue
            came = errno.errorcode.get(error.errno, str(error.errno))
        other.append(f"{number}: {came}")
    return other


def event_pipe():
    """The descriptor that the worker reads: the only pipe that can be written."""
    for fd in range(3, 64):
        try:
            if (
                stat.S_ISFIFO(os.fstat(fd).st_mode)
                and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
            ):
                return fd
        except OSError:
            continue
    raise LookupError("no event pipe")


def push(fd, data):
    """Write all of it, as the runtime does."""
    while data:
        data = data[os.write(fd, data) :]
