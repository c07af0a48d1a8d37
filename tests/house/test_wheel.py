"""The wheel, installed where no checkout is near, holds the whole house and runs."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

# One worker, so that the wheel is built once.
pytestmark = pytest.mark.xdist_group("wheel")


def _run(*command: object, **options: object) -> str:
    """Run a command that must succeed and return what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=root)
    return next(folder.glob("retinue-*.whl"))


@pytest.fixture(scope="module")
def bin_dir(wheel, tmp_path_factory) -> Path:
    """The bin folder of a clean environment that holds the wheel.

    It borrows this environment's libraries through a .pth line. The .pth files of a folder
    borrowed so are not read, hence the checkout, installed in place here, stays out of reach.
    """
    home = tmp_path_factory.mktemp("clean")
    _run(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    _run(*pip, "--no-index", "--no-deps", wheel)
    site = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return home / "bin"


@pytest.fixture
def clean_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_wheel_holds_the_six_packages_and_their_data(wheel, tracked, packages):
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in inside if ".dist-info/" not in name} == set(packages)
    expected = {path.as_posix() for path in tracked if path.parts[0] in packages}
    assert expected - inside == set()


def test_packages_import_from_the_wheel_and_not_from_the_checkout(bin_dir, packages, clean_env):
    code = (
        "import importlib, json;"
        f"print(json.dumps([importlib.import_module(n).__file__ for n in {packages!r}]))"
    )
    files = json.loads(_run(bin_dir / "python", "-c", code, cwd="/", env=clean_env))
    assert [f for f in files if not f.startswith(str(bin_dir.parent))] == []


@pytest.mark.parametrize("words", [("--help",), ("worlds", "list"), ("doctor",)])
def test_command_runs_from_the_wheel(bin_dir, words, clean_env):
    assert _run(bin_dir / "retinue", *words, cwd="/", env=clean_env)
