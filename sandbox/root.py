"""The minimal file system a jail sees: one interpreter, its library, the guest, what lessons import.

Built once, then only read.

Nothing of the host is mounted: what a learner's code can open is what was copied here. The folder's name
carries a digest of everything that went in, so a new interpreter or guest makes a new root beside the old
one; and a half-built root is never used: it is built aside and renamed.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import packages

PYTHON = "/usr/local/bin/python3"
LIBRARIES = "/usr/local/lib"
GUEST = "/opt/poligon"
PACKAGES = f"{GUEST}/packages"
VALKEY = "/usr/local/bin/valkey-server"

SYSTEM_HOME = Path("/var/lib/poligon/jailroot")

# Standard library that no lesson needs: tests, windows, packaging, documentation. Two thirds of its size.
LEFT_OUT = frozenset(
    {
        "__pycache__", "config", "curses", "dist-packages", "distutils", "ensurepip", "idlelib", "lib2to3",
        "msilib", "pydoc_data", "site-packages", "test", "tests", "tkinter", "turtle.py", "turtledemo",
        "venv",
    }
)  # fmt: skip

_GUEST_SOURCES = Path(__file__).resolve().parent / "guest"
_LAID_OUT_BY = (Path(__file__), Path(packages.__file__))

_ETC = {
    "passwd": "learner:x:65534:65534:learner:/tmp:/nonexistent\n",
    "group": "learner:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
}


class RootFailed(Exception):
    """The jail's root could not be built; the message says what to do."""


def ensure(var: Path) -> Path:
    """The path of a ready root under `var`, building it when there is none that fits. Raises RootFailed.

    Takes about 3 s the first time, then some milliseconds. Safe to call from several processes at once.
    """
    home = _home(var)
    try:
        root = home / digest()
    except packages.PackageMissing as error:
        raise RootFailed(str(error)) from error
    with _alone(home / "lock"):
        if not root.exists():
            _build(home, root)
        _lease(root)
    return root


def _home(var: Path) -> Path:
    """The folder for roots: `var`'s, or the system's when only root could walk the path to `var`.

    A jail started by root has a uid of its own, and nsjail mounts the root as that uid.
    """
    home = var / "jailroot"
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0 and not all(path.stat().st_mode & 0o001 for path in home.parents):
        home = SYSTEM_HOME
        home.mkdir(parents=True, exist_ok=True)
    return home


def digest() -> str:
    """16 hex digits that change with whatever goes into a root, and with how it is laid out.

    Raises PackageMissing.
    """
    told = hashlib.sha256(f"{sys.version}\n{sys.base_prefix}\n{platform.machine()}\n".encode())
    for path in (_interpreter(), Path(os.__file__)):
        status = path.stat()
        told.update(f"{path}\n{status.st_size}\n{status.st_mtime_ns}\n".encode())
    for path in (*_LAID_OUT_BY, *sorted(_GUEST_SOURCES.glob("*.py"))):
        told.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    told.update(packages.fingerprint().encode())
    return told.hexdigest()[:16]


def _interpreter() -> Path:
    """The base interpreter's file, whatever virtual environment runs this."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name in (version, "python3"):
        path = Path(sys.base_prefix, "bin", name)
        if path.exists():
            return path.resolve()
    raise RootFailed(f"Не нашёлся интерпретатор в {sys.base_prefix}/bin: поставьте {version} заново.")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _build(home: Path, root: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix="building-", dir=home))
    try:
        aside.chmod(0o755)
        _copy_guest(aside)
        _copy_packages(aside)
        _copy_interpreter(aside)
        _lay_out(aside)
        _prove(aside)
        aside.rename(root)
    except OSError as error:
        raise RootFailed(f"Не удалось собрать корень песочницы в {home}: {error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for other in home.iterdir():  # what an earlier version left
        if other.is_dir() and other != root and not _in_use(other):
            shutil.rmtree(other, ignore_errors=True)


_leases: dict[Path, int] = {}


def _lease(root: Path) -> None:
    """Hold the root for the life of this process, so that a newer version does not clear it away."""
    if root not in _leases:
        held = os.open(root.with_suffix(".lease"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(held, fcntl.LOCK_SH)
        _leases[root] = held


def _in_use(root: Path) -> bool:
    """Whether a worker of an earlier version may still start jails from it."""
    lease = root.with_suffix(".lease")
    if not lease.exists():
        return False
    with lease.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    lease.unlink(missing_ok=True)
    return False


def _copy_interpreter(root: Path) -> None:
    source = Path(sysconfig.get_path("stdlib"))
    binary = root / PYTHON.lstrip("/")
    library = root / LIBRARIES.lstrip("/") / source.name
    binary.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(_interpreter(), binary)

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {
            name for name in names if name in LEFT_OUT or name.startswith(("config-", "_tkinter", "_test"))
        }

    shutil.copytree(source, library, ignore=left_out, symlinks=False, ignore_dangling_symlinks=True)
    _compile(library, f"{LIBRARIES}/{source.name}")
    modules = [*library.glob("lib-dynload/*.so"), *(root / PACKAGES.lstrip("/")).rglob("*.so")]
    for name, path in _needed([binary, root / VALKEY.lstrip("/"), *modules]).items():
        # The loader must lie where the binary says; the rest where the library path points.
        target = root / path.lstrip("/") if name.startswith("/") else root / LIBRARIES.lstrip("/") / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.realpath(path), target)
        target.chmod(0o755)


def _needed(binaries: list[Path]) -> dict[str, str]:
    """Shared libraries the loader finds for `binaries`: name → path; the loader itself under its own path."""
    listed = subprocess.run(
        ["ldd", *map(str, binaries)], capture_output=True, text=True, check=False, env={"PATH": os.defpath}
    )
    found = {}
    for line in listed.stdout.splitlines():
        words = line.split()
        if len(words) >= 3 and words[1] == "=>" and words[2].startswith("/"):
            found[words[0]] = words[2]
        elif len(words) == 2 and words[0].startswith("/") and words[1].startswith("("):
            found[words[0]] = words[0]
    return found


def _copy_guest(root: Path) -> None:
    package = root / GUEST.lstrip("/") / "sandbox"
    shutil.copytree(_GUEST_SOURCES, package / "guest", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("")
    _compile(package, f"{GUEST}/sandbox")


def _copy_packages(root: Path) -> None:
    """What lessons import, in a folder of its own, and the real Valkey for lessons that start one."""
    folder, server = root / PACKAGES.lstrip("/"), root / VALKEY.lstrip("/")
    packages.copy(folder)
    _compile(folder, PACKAGES)
    server.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(packages.valkey_server(), server)
    server.chmod(0o755)


def _compile(folder: Path, inside: str) -> None:
    """Byte code that is trusted without a look at the source's time: the root never changes."""
    compileall.compile_dir(
        folder,
        quiet=2,
        maxlevels=20,
        stripdir=str(folder),
        prependdir=inside,
        invalidation_mode=compileall.py_compile.PycInvalidationMode.UNCHECKED_HASH,  # type: ignore[attr-defined]
    )


def _lay_out(root: Path) -> None:
    for name in ("dev", "tmp", "etc"):
        (root / name).mkdir(exist_ok=True)
    for name in ("null", "zero", "random", "urandom"):
        (root / "dev" / name).touch()
    (root / "dev" / "shm").symlink_to("/tmp")  # noqa: S108 - the jail's own tmpfs
    for name, text in _ETC.items():
        (root / "etc" / name).write_text(text)
    for folder, _, files in os.walk(root):  # readable to the jail's user, writable to nobody's
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _prove(root: Path) -> None:
    """The copied interpreter says the same version, from its own library. Raises RootFailed.

    A moved interpreter can silently load another libpython of the system's.
    """
    loader = next((path for path in _needed([_interpreter()]) if path.startswith("/")), None)
    python = str(root / PYTHON.lstrip("/"))
    libraries = str(root / LIBRARIES.lstrip("/"))
    command = [str(root / loader.lstrip("/")), "--library-path", libraries, python] if loader else [python]
    told = subprocess.run(
        [*command, "-sSPE", "-c", "import sys, asyncio, json; print(sys.version)"],
        capture_output=True,
        text=True,
        check=False,
        env={"LD_LIBRARY_PATH": libraries, "PYTHONHOME": str(root / "usr/local")},
    )
    if told.stdout.strip() != sys.version.strip():
        raise RootFailed(
            "Интерпретатор, скопированный в корень песочницы, не запустился как следует: "
            f"ждали {sys.version!r}, получили {told.stdout.strip()!r} {told.stderr.strip()[-500:]!r}."
        )
