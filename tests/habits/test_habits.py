"""The habits of the house, checked: layers, lint, types, templates, sizes, language."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LAYERS = ["sandbox", "lessons", "classroom", "coursesite"]
WORKER_MODULES = ["jobs", "limits", "jail", "pool", "root", "stream", "tasks", "worker", "judge"]


def tracked(pattern: str) -> list[Path]:
    """Files git knows or would know: what is ignored is not ours to check."""
    shown = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in shown.stdout.splitlines() if (ROOT / line).exists()]


def imports(path: Path) -> set[str]:
    """Top-level names a file imports; for `sandbox.guest` the two-part name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        found |= {name.split(".")[0] for name in names}
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_nothing_from_the_layers_above_it(layer: str) -> None:
    above = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"content", "tests", "bench"}
    wrong = {
        str(path.relative_to(ROOT)): sorted(imports(path) & above)
        for path in tracked(f"{layer}/*.py")
        if imports(path) & above
    }
    assert not wrong


def test_what_lives_in_the_jail_imports_only_the_standard_library_and_itself() -> None:
    allowed = set(sys.stdlib_module_names) | {"sandbox", "guest", "reference", "demo", "solution"}
    wrong = {path.name: sorted(imports(path) - allowed) for path in tracked("sandbox/guest/*.py")}
    assert not {name: names for name, names in wrong.items() if names}


def test_a_worker_starts_without_django_and_without_the_secret_of_the_site() -> None:
    code = (
        "import os, sys; os.environ.pop('SECRET_KEY', None); import coursesite.celery, sandbox.tasks;"
        "sys.exit('django.conf' in sys.modules or 'SECRET_KEY' in os.environ)"
    )
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ruff_finds_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_ruff_would_format_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_types_are_strict_and_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *LAYERS, "launch"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_templates_are_tidy() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "djlint", "--lint", "--quiet", "templates"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_models_and_migrations_agree() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_of_ours_has_grown_past_four_hundred_lines() -> None:
    files = [p for layer in [*LAYERS, "launch", "bench"] for p in tracked(f"{layer}/*.py")]
    files += tracked("static/src/*.js") + tracked("content/*/scene.js")
    long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > 400}
    assert not long


def test_no_module_is_called_utils() -> None:
    names = {p.name for p in tracked("*.py")}
    assert not names & {"utils.py", "helpers.py", "misc.py", "common.py"}


def test_nothing_in_the_project_names_a_machine() -> None:
    pattern = re.compile(r"/work/(?:main|shared)|\.pyenv/versions|/opt/wheels")
    this = Path(__file__)
    wrong = [
        str(p.relative_to(ROOT))
        for kind in ("*.py", "*.md", "*.js", "*.mjs", "*.html", "*.toml", "*.json")
        for p in tracked(kind)
        if p != this and pattern.search(p.read_text(errors="replace"))
    ]
    assert not wrong


def test_every_requirement_is_pinned_and_says_why_it_is_there() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.fullmatch(r"[\w.\-\[\]]+==\S+\s+# \S.*", line), line
