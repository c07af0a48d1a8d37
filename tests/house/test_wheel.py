"""The wheel, installed where no checkout is near, holds the whole house and runs."""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LAB, DEVICE = "services/lab", "cerebellum"

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
def device_wheel(root, tmp_path_factory) -> Path:
    return _built(root / DEVICE, tmp_path_factory.mktemp("device"))


@pytest.fixture(scope="module")
def lab_wheel(root, tmp_path_factory) -> Path:
    return _built(root / LAB, tmp_path_factory.mktemp("lab"))


def _built(project: Path, folder: Path) -> Path:
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)
    return next(folder.glob("*.whl"))


def _inside(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def bin_dir(wheel, device_wheel, tmp_path_factory) -> Path:
    """The bin folder of a clean environment that holds the wheel, and the one that it depends on.

    It borrows this environment's libraries through a .pth line. The .pth files of a folder
    borrowed so are not read, hence the checkout, installed in place here, stays out of reach.
    """
    home = tmp_path_factory.mktemp("clean")
    site = _installed(home, wheel, device_wheel)
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return home / "bin"


def _installed(home: Path, *wheels: Path) -> Path:
    """A new environment with these wheels and nothing else; returns where its packages are."""
    _run(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    _run(*pip, "--no-index", "--no-deps", *wheels)
    return Path(
        _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )


@pytest.fixture(scope="module")
def robot(device_wheel, tmp_path_factory) -> Path:
    """The bin folder of a robot's computer: the daemon's distribution, and what that depends on."""
    home = tmp_path_factory.mktemp("robot")
    site = _installed(home, device_wheel)
    ours = Path(sysconfig.get_path("purelib"))
    for name in _needed("retinue-device"):
        for top in {file.parts[0] for file in metadata.files(name) or () if file.parts[0] != ".."}:
            target = site / top
            if not target.exists():
                target.symlink_to(ours / top)
    return home / "bin"


def _needed(name: str) -> set[str]:
    """The distributions that one depends on, and those depend on, without extras."""
    found: set[str] = set()
    rest = [name]
    while rest:
        for text in metadata.requires(rest.pop()) or ():
            need = Requirement(text)
            if (
                need.marker is None or need.marker.evaluate({"extra": ""})
            ) and need.name not in found:
                found.add(need.name)
                rest.append(need.name)
    return found


@pytest.fixture
def clean_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_wheels_hold_the_six_packages_and_their_data(
    wheel, device_wheel, lab_wheel, tracked, packages
):
    inside, device, lab = _inside(wheel), _inside(device_wheel), _inside(lab_wheel)
    assert {name.split("/")[0] for name in inside | device} == set(packages)
    assert {name.split("/")[0] for name in device} == {"cerebellum", "devices"}
    expected = {path.as_posix() for path in tracked if path.parts[0] in packages}
    assert expected ^ (inside | device | lab) == {f"{LAB}/pyproject.toml"}
    # What two distributions held, one would take away from the other.
    assert inside & lab == inside & device == device & lab == set()


def test_the_wheels_are_of_one_version(root):
    house, device, lab = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (root, root / DEVICE, root / LAB)
    )
    assert lab["version"] == device["version"] == house["version"]
    assert f"retinue-device=={house['version']}" in house["dependencies"]
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


def test_a_robot_needs_neither_ray_nor_solver_nor_opencv(robot, clean_env, tmp_path):
    code = (
        "import sys; import cerebellum.daemon.command; from cerebellum import skill_kinds;"
        "from devices import body_kinds; print(len(skill_kinds()), *body_kinds());"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    kinds, modules = _run(robot / "python", "-c", code, cwd="/", env=clean_env).splitlines()
    assert {"arm", "humanoid", "pipe"} < set(kinds.split())
    assert not {"ray", "ortools", "cv2", "networkx", "openai", "services", "brain"} & set(
        modules.split()
    )


def test_the_daemon_of_a_robot_says_what_it_needs(robot, clean_env, tmp_path):
    asked = [robot / "retinue-device", "run", "humanoid", "--id", "ann"]
    for more, what in (
        ((), "--hub says which site"),
        (("--hub", "http://127.0.0.1:9"), "give --code"),
        (("--hub", "http://127.0.0.1:9", "--code", "AAAA"), "can not be reached"),
    ):
        done = subprocess.run(
            [*asked, "--state", tmp_path, *more],
            cwd="/",
            env=clean_env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (done.returncode, what in done.stderr) == (2, True), done.stderr
