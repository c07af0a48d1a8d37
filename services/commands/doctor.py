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


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(
        name="Python",
        state="ok" if sys.version_info >= (3, 11) else "wrong",
        detail=version,
        needed=True,
        fix="" if sys.version_info >= (3, 11) else "install Python 3.11 or newer",
    )


def _libraries() -> Iterator[Check]:
    """The declared dependencies, then those of each extra."""
    try:
        declared = metadata.requires("retinue") or []
    except metadata.PackageNotFoundError:
        yield Check(
            name="retinue",
            state="missing",
            detail="the distribution itself is not installed, only its files are here",
            needed=True,
            fix="make setup",
        )
        return
    for line in sorted(declared, key=lambda line: ("extra ==" in line, line.lower())):
        found = _REQUIREMENT.match(line)
        if found is not None and ("sys_platform" not in line or sys.platform in line):
            yield _library(found[1], found[2])


def _library(name: str, extra: str | None) -> Check:
    label = f"{name} [{extra}]" if extra else name
    fix = f"pip install 'retinue[{extra}]'" if extra else f"pip install {name}"
    try:
        version = metadata.version(name)
        if name in _IMPORT_TELLS:
            importlib.import_module(_MODULES.get(name, name.replace("-", "_")))
    except metadata.PackageNotFoundError:
        return Check(
            name=label, state="missing", detail="not installed", needed=extra is None, fix=fix
        )
    except ImportError as error:
        fix = _OPENCV_FIX if name == "opencv-python" else fix
        return Check(name=label, state="wrong", detail=str(error), needed=extra is None, fix=fix)
    return Check(name=label, state="ok", detail=version, needed=extra is None)


def _sqlite() -> Check:
    from stem_memory.errors import UnsafeSqlite

    name = "SQLite"
    try:
        from stem_memory.log.migrations import require_safe

        library = importlib.import_module("pysqlite3" if util.find_spec("pysqlite3") else "sqlite3")
        require_safe(library.sqlite_version_info)
    except ImportError as error:
        return Check(name=name, state="wrong", detail=str(error), needed=True, fix="make setup")
    except UnsafeSqlite as error:
        fix = "pip install 'pysqlite3>=0.6.1'"
        return Check(name=name, state="wrong", detail=str(error), needed=True, fix=fix)
    detail = f"{library.sqlite_version}, safe for a write-ahead log"
    return Check(name=name, state="ok", detail=detail, needed=True)


def _six_packages() -> Check:
    """The six names are ordinary words: another distribution may have brought one of them."""
    names = ("brain", "cerebellum", "stem_memory", "devices", "services", "sim_worlds")
    strangers = [
        f"{name} (from {', '.join(sorted(set(owners)))})"
        for name, owners in metadata.packages_distributions().items()
        if name in names and not set(owners) <= {"retinue", "retinue-lab"}
    ]
    if strangers:
        return Check(
            name="package names",
            state="wrong",
            detail=f"another distribution also brings {', '.join(strangers)}",
            needed=True,
            fix="install retinue in an environment of its own",
        )
    return Check(name="package names", state="ok", detail="nobody else uses ours", needed=True)


def _weights() -> Iterator[Check]:
    from brain.model import ModelUnavailable
    from services.llm.models.weights import MINILM, MINILM_TOKENIZER, SMOLLM2, locate

    for wanted in (SMOLLM2, MINILM, MINILM_TOKENIZER):
        try:
            path = locate(wanted)
        except ModelUnavailable as error:
            yield Check(
                name=wanted.title,
                state="missing",
                detail=str(error).partition(";")[0],
                needed=False,
                fix=wanted.install,
            )
        else:
            size = f"{path.stat().st_size / 1e6:.0f} MB" if wanted.size > 1e6 else ""
            detail = " ".join(filter(None, (wanted.distribution, wanted.version, size)))
            yield Check(name=wanted.title, state="ok", detail=detail, needed=False)


def _endpoint() -> Check:
    from services.llm.models.reach import reach
    from services.llm.models.registry import ENDPOINT_VARIABLE, KEY_VARIABLE

    found = reach(os.environ.get(ENDPOINT_VARIABLE, ""), os.environ.get(KEY_VARIABLE, "none"))
    return Check(
        name="LLM endpoint",
        state="ok" if found.fits else "wrong",
        detail=found.detail,
        needed=False,
        fix=found.fix,
    )


def _chromium() -> Check:
    found = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    return Check(
        name="Chromium",
        state="ok" if found else "missing",
        detail=found or "only tests of the report's page need it",
        needed=False,
        fix="" if found else "apt-get install chromium",
    )


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
        yield Check(
            name=f"glasses: {name}",
            state="ok" if found else "missing",
            detail="installed" if found else without,
            needed=False,
            fix="" if found else fix,
        )


def _plugins() -> Iterator[Check]:
    from services.plugins import KINDS, discover

    plugins = discover()
    counts = ", ".join(f"{len(plugins.of(kind))} {kind}" for kind in KINDS if plugins.of(kind))
    yield Check(name="plug-ins", state="ok", detail=counts or "none", needed=False)
    for broken in plugins.broken:
        yield Check(
            name=f"plug-in {broken.name}",
            state="wrong",
            detail=str(broken),
            needed=False,
            fix=f"update or uninstall {broken.distribution}",
        )


def _machine() -> Check:
    free = shutil.disk_usage(".").free / 1e9
    return Check(
        name="machine",
        state="ok",
        detail=f"{cores()} cores, {free:.0f} GB free on disk",
        needed=False,
    )
