"""The floors of the house and the one door of each heavy library."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def copy(root, packages, tmp_path_factory):
    """A copy of the packages that a test may break."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(root / "pyproject.toml", folder)
    for package in packages:
        shutil.copytree(root / package, folder / package)
    return folder


def test_nobody_imports_upwards_or_by_the_wrong_door(root):
    report = _lint_imports(root)
    assert report.returncode == 0, report.stdout


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("devices", "import brain"),
        ("cerebellum", "import stem_memory"),
        ("brain", "import sim_worlds"),
        ("brain", "import ray"),
        ("services", "import ray"),
        ("services", "from openai import OpenAI"),
        ("sim_worlds", "from ortools.sat.python import cp_model"),
    ],
)
def test_a_wrong_import_is_noticed(copy, package, line):
    intruder = copy / package / "intruder.py"
    intruder.write_text(f"{line}\n", encoding="utf-8")
    try:
        assert _lint_imports(copy).returncode == 1
    finally:
        intruder.unlink()
