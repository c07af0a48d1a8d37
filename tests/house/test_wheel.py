"""The wheel, installed where no checkout is near, holds the whole house and runs."""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

LAB = "services/lab"

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
    return _built(root, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def lab_wheel(root, tmp_path_factory) -> Path:
    return _built(root / LAB, tmp_path_factory.mktemp("lab"))


def _built(project: Path, folder: Path) -> Path:
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)
    return next(folder.glob("*.whl"))


def _inside(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


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


def test_wheels_hold_the_six_packages_and_their_data(wheel, lab_wheel, tracked, packages):
    inside, lab = _inside(wheel), _inside(lab_wheel)
    assert {name.split("/")[0] for name in inside} == set(packages)
    expected = {path.as_posix() for path in tracked if path.parts[0] in packages}
    assert expected - inside - lab == {f"{LAB}/pyproject.toml"}
    assert inside & lab == {name for name in inside if name.startswith(f"{LAB}/")} == set()


def test_the_lab_is_of_the_version_of_the_house(root):
    house, lab = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (root, root / LAB)
    )
    assert lab["version"] == house["version"]
    assert lab["dependencies"] == [f"retinue=={house['version']}"]
    assert house["optional-dependencies"]["lab"] == [f"retinue-lab=={house['version']}"]


def test_packages_import_from_the_wheel_and_not_from_the_checkout(bin_dir, packages, clean_env):
    code = (
        "import importlib, json;"
        f"print(json.dumps([importlib.import_module(n).__file__ for n in {packages!r}]))"
    )
    files = json.loads(_run(bin_dir / "python", "-c", code, cwd="/", env=clean_env))
    assert [f for f in files if not f.startswith(str(bin_dir.parent))] == []


def test_what_measures_is_there_with_the_lab(bin_dir, lab_wheel, clean_env):
    asked = [bin_dir / "retinue", "bench", "wishes", "--limit", "1", "--model", "none"]
    alone = subprocess.run(
        asked, cwd="/", env=clean_env, capture_output=True, encoding="utf-8", check=False
    )
    assert alone.returncode == 2
    assert "pip install 'retinue[lab]'" in alone.stderr
    pip = [sys.executable, "-m", "pip", "--python", bin_dir / "python", "install", "--quiet"]
    _run(*pip, "--no-index", "--no-deps", lab_wheel)
    assert "1" in _run(*asked, cwd="/", env=clean_env)


@pytest.mark.parametrize("words", [("--help",), ("worlds", "list"), ("doctor",)])
def test_command_runs_from_the_wheel(bin_dir, words, clean_env):
    assert _run(bin_dir / "retinue", *words, cwd="/", env=clean_env)
