"""What is installed, what is missing, and the one command that gets it."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata, util
from typing import Literal

from devices.noun import Noun
from services.runtime.machine import cores

State = Literal["ok", "missing", "wrong"]
# Import names that differ from the distribution's.
_MODULES = {"opencv-python": "cv2", "py-trees": "py_trees", "PyYAML": "yaml"}
# Those that need libraries of the system, or decide whether data is safe: only importing tells.
_IMPORT_TELLS = {"opencv-python", "pysqlite3"}
_OPENCV_FIX = "apt-get install libgl1 libglib2.0-0"
_REQUIREMENT = re.compile(r"^([\w.-]+).*?(?:extra == ['\"](\w+)['\"])?$")


class Check(Noun):
    """One thing looked at. `needed`: without it the core does not work. `fix`: what to run."""

    name: str
    state: State
    detail: str
    needed: bool
    fix: str = ""


def examine() -> tuple[Check, ...]:
    """Look at this installation. Reads files and imports libraries; changes nothing."""
    return (
        _python(),
        *_libraries(),
        _sqlite(),
        _six_packages(),
        *_weights(),
        _endpoint(),
        _chromium(),
        *_glasses(),
        *_plugins(),
        _machine(),
    )


def works(checks: tuple[Check, ...]) -> bool:
    """Whether everything that the core needs is in order."""
    return all(check.state == "ok" for check in checks if check.needed)


def _check(name: str, state: State, detail: str, fix: str = "", needed: bool = False) -> Check:
    """A check; there is nothing to run where it came out well."""
    fix = "" if state == "ok" else fix
    return Check(name=name, state=state, detail=detail, needed=needed, fix=fix)


def _python() -> Check:
    state: State = "ok" if sys.version_info >= (3, 11) else "wrong"
    version = ".".join(map(str, sys.version_info[:3]))
    return _check("Python", state, version, "install Python 3.11 or newer", needed=True)


def _libraries() -> Iterator[Check]:
    """The declared dependencies, then those of each extra."""
    try:
        declared = metadata.requires("retinue") or []
    except metadata.PackageNotFoundError:
        detail = "the distribution itself is not installed, only its files are here"
        yield _check("retinue", "missing", detail, "make setup", needed=True)
        return
    for line in sorted(declared, key=lambda line: ("extra ==" in line, line.lower())):
        found = _REQUIREMENT.match(line)
        if found is not None and ("sys_platform" not in line or sys.platform in line):
            yield _library(found[1], found[2])


def _library(name: str, extra: str | None) -> Check:
    label = f"{name} [{extra}]" if extra else name
    fix = f"pip install 'retinue[{extra}]'" if extra else f"pip install {name}"
    state: State = "ok"
    try:
        detail = metadata.version(name)
        if name in _IMPORT_TELLS:
            importlib.import_module(_MODULES.get(name, name.replace("-", "_")))
    except metadata.PackageNotFoundError:
        state, detail = "missing", "not installed"
    except ImportError as error:
        state, detail = "wrong", str(error)
        fix = _OPENCV_FIX if name == "opencv-python" else fix
    return _check(label, state, detail, fix, needed=extra is None)


def _sqlite() -> Check:
    from stem_memory.errors import UnsafeSqlite

    try:
        from stem_memory.log.migrations import require_safe

        library = importlib.import_module("pysqlite3" if util.find_spec("pysqlite3") else "sqlite3")
        require_safe(library.sqlite_version_info)
    except ImportError as error:
        return _check("SQLite", "wrong", str(error), "make setup", needed=True)
    except UnsafeSqlite as error:
        fix = "pip install 'pysqlite3>=0.6.1'"
        return _check("SQLite", "wrong", str(error), fix, needed=True)
    detail = f"{library.sqlite_version}, safe for a write-ahead log"
    return _check("SQLite", "ok", detail, needed=True)


def _six_packages() -> Check:
    """The six names are ordinary words: another distribution may have brought one of them."""
    names = ("brain", "cerebellum", "stem_memory", "devices", "services", "sim_worlds")
    strangers = [
        f"{name} (from {', '.join(sorted(set(owners)))})"
        for name, owners in metadata.packages_distributions().items()
        if name in names and not set(owners) <= {"retinue", "retinue-device", "retinue-lab"}
    ]
    state: State = "wrong" if strangers else "ok"
    theirs = f"another distribution also brings {', '.join(strangers)}"
    detail = theirs if strangers else "nobody else uses ours"
    fix = "install retinue in an environment of its own"
    return _check("package names", state, detail, fix, needed=True)


def _weights() -> Iterator[Check]:
    from brain.model import ModelUnavailable
    from services.llm.models.weights import MINILM, MINILM_TOKENIZER, SMOLLM2, locate

    for wanted in (SMOLLM2, MINILM, MINILM_TOKENIZER):
        try:
            path = locate(wanted)
        except ModelUnavailable as error:
            detail = str(error).partition(";")[0]
            yield _check(wanted.title, "missing", detail, wanted.install)
        else:
            size = f"{path.stat().st_size / 1e6:.0f} MB" if wanted.size > 1e6 else ""
            detail = " ".join(filter(None, (wanted.distribution, wanted.version, size)))
            yield _check(wanted.title, "ok", detail)


def _endpoint() -> Check:
    from services.llm.models.reach import reach
    from services.llm.models.registry import ENDPOINT_VARIABLE, KEY_VARIABLE

    found = reach(os.environ.get(ENDPOINT_VARIABLE, ""), os.environ.get(KEY_VARIABLE, "none"))
    state: State = "ok" if found.fits else "wrong"
    return Check(name="LLM endpoint", state=state, detail=found.detail, needed=False, fix=found.fix)


def _chromium() -> Check:
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    detail = found or "only tests of the report's page need it"
    return _check("Chromium", _is_there(found), detail, "apt-get install chromium")


def _is_there(found: object) -> State:
    return "ok" if found else "missing"


def _glasses() -> Iterator[Check]:
    """What the glasses can do without, each with a loss."""
    from devices.glasses.hearing import INSTALL as HEARING
    from devices.glasses.redact import INSTALL as REDACTION
    from devices.glasses.redact import weights
    from devices.glasses.voice import INSTALL as VOICE

    parts: tuple[tuple[str, object, str, str], ...] = (
        ("face detector", weights(), "without it the glasses keep no picture", REDACTION),
        (
            "voice",
            shutil.which("espeak-ng") or shutil.which("espeak"),
            "without it the glasses write captions only",
            VOICE,
        ),
        (
            "transcriber",
            util.find_spec("faster_whisper"),
            "without it the glasses read what is typed and hear nothing",
            HEARING,
        ),
    )
    for name, found, without, fix in parts:
        detail = "installed" if found else without
        yield _check(f"glasses: {name}", _is_there(found), detail, fix)


def _plugins() -> Iterator[Check]:
    from services.plugins import KINDS, discover

    plugins = discover()
    counts = ", ".join(f"{len(plugins.of(kind))} {kind}" for kind in KINDS if plugins.of(kind))
    yield _check("plug-ins", "ok", counts or "none")
    for broken in plugins.broken:
        fix = f"update or uninstall {broken.distribution}"
        yield _check(f"plug-in {broken.name}", "wrong", str(broken), fix)


def _machine() -> Check:
    free = shutil.disk_usage(".").free / 1e9
    return _check("machine", "ok", f"{cores()} cores, {free:.0f} GB free on disk")
