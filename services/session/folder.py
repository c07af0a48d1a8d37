"""The folder of a run: what its files are called, and how they are written and read.

| file | who writes it | when |
|---|---|---|
| `config.json` | the run | before its first event: what was asked for, and where it begins in its memory |
| `memory.db` | the run | while it goes on; with `--memory FILE` that file is the memory, and this one is missing |
| `metrics.json`, `film.json.gz` | the run | at its end: a run that broke off has neither |
| `report.html`, `replay.*`, `*.svg` | the report | as often as it is built |
"""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from services.errors import UserError
from services.session.contracts import RunConfig, RunResult
from stem_memory.errors import MemoryFault, StoreInUse
from stem_memory.log.disk import sentence

if TYPE_CHECKING:
    from sim_worlds.contracts import Film

MEMORY = "memory.db"
RUNS = "runs"
_CONFIG = "config.json"

_T = TypeVar("_T", RunConfig, RunResult)


class _File:
    """One of the folder's files, by its name: its path."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, folder: RunFolder, _: object = None) -> Path:
        return folder.path / self._name


class RunFolder:
    """One run's folder. `create` makes one for a new run, `open` takes one that is there.

    What is written is whole or not there at all: a run may be killed at any moment.
    """

    # The memory that lies in the folder, if the run was given no other; what was asked for; the
    # outcome and what the replay shows, which a run that broke off has not.
    own_memory, config = _File(MEMORY), _File(_CONFIG)
    result, film = _File("metrics.json"), _File("film.json.gz")
    # The report; the replay as every player knows it and as browsers play it, which the page holds;
    # its busiest moment; who did what when; the task graph of each wish; the floor plan.
    page = _File("report.html")
    video, web_video, still = _File("replay.mp4"), _File("replay.webm"), _File("replay.png")
    gantt, graph, plan = _File("gantt.svg"), _File("graph.svg"), _File("plan.svg")

    def __init__(self, path: Path, is_new: bool = False) -> None:
        self.path = path
        self._is_new = is_new

    @classmethod
    def create(cls, out: str | None, world: str) -> RunFolder:
        """A folder for a new run; what broke off in it before anything was recorded is in nobody's way.

        Args:
            out: Where; None: the next free ./runs/WORLD-N.
            world: The name of the world, or the path of its file.

        Raises:
            UserError: The folder holds a run already, is in use, or can not be made.
        """
        folder = cls(Path(out), is_new=not Path(out).exists()) if out is not None else None
        try:
            if folder is None:
                return cls(_next_free(Path(RUNS), Path(world).stem), is_new=True)
            folder.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            place = folder.path if folder is not None else Path(RUNS)
            raise UserError(f"the run folder {sentence(place, error)}") from None
        folder._require_unused()
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """The folder of a run, whether it came to its end or broke off.

        Raises:
            UserError: It is none; the sentence says what is missing.
        """
        folder = cls(path)
        if not path.exists():
            raise UserError(f"{path} is no run folder: there is nothing of that name")
        if path == Path() and not folder.memory.is_file():
            raise UserError("this is no run folder; name one, such as runs/household-1")
        if not path.is_dir():
            hint = f", such as {path.parent}" if cls(path.parent).config.is_file() else ""
            raise UserError(f"{path} is no run folder but a file: name the folder{hint}")
        if not folder.memory.is_file():
            if folder.memory != folder.own_memory:
                raise UserError(
                    f"the memory of {path}, {folder.memory}, is not there: bring it back to its place"
                )
            raise UserError(
                f"{path} is no run folder: {MEMORY} is missing; name one that `retinue run` wrote"
            )
        return folder

    # -- names -------------------------------------------------------------------------------

    @property
    def memory(self) -> Path:
        """The memory of the run: the folder's own, or the one that its configuration names."""
        named = self._asked_for("memory")
        return Path(named) if isinstance(named, str) and named else self.own_memory

    @property
    def pictures(self) -> tuple[Path, ...]:
        """Every picture and video that the report makes."""
        return self.video, self.web_video, self.still, self.gantt, self.graph, self.plan

    @property
    def files(self) -> tuple[Path, ...]:
        """What is there beside the report, in the order of its list of files."""
        known = (*self.pictures, self.result, self.config, self.own_memory, self.film)
        return tuple(path for path in known if path.is_file())

    # -- content -----------------------------------------------------------------------------

    def write_config(self, config: RunConfig) -> None:
        """Record what was asked for. Call it before the run's first event is recorded.

        Raises:
            UserError: It can not be written.
        """
        if config.memory:
            # Whoever reads it may stand elsewhere.
            config = config.model_copy(update={"memory": str(Path(config.memory).absolute())})
        self.write(self.config, config.model_dump_json(indent=2) + "\n")

    def read_config(self) -> RunConfig:
        """What was asked for.

        Raises:
            UserError: The file is missing or can not be read.
        """
        if not self.config.is_file():
            raise UserError(
                f"{self.path} is no run folder: {self.config.name} is missing; name one that "
                "`retinue run` wrote"
            )
        return _read(self.config, RunConfig)

    def write_result(self, result: RunResult) -> None:
        """Record the outcome.

        Raises:
            UserError: It can not be written.
        """
        self.write(self.result, result.model_dump_json(indent=2) + "\n")

    def read_result(self) -> RunResult | None:
        """The outcome; None: the run broke off before its end.

        Raises:
            UserError: The file can not be read.
        """
        return _read(self.result, RunResult) if self.result.is_file() else None

    def write_film(self, film: Film) -> None:
        """Store what the replay shows.

        Raises:
            UserError: It can not be written.
        """
        content = gzip.compress(film.model_dump_json().encode(), 3, mtime=0)
        self.write(self.film, content)

    def read_film(self) -> Film | None:
        """What the replay shows; None: the run kept no film, or broke off before its end.

        Raises:
            UserError: The file can not be read.
        """
        from sim_worlds.contracts import Film

        if not self.film.is_file():
            return None
        try:
            return Film.model_validate_json(gzip.decompress(self.film.read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise UserError(
                f"{self.film} can not be read ({type(error).__name__}); remove it to go without a "
                "replay"
            ) from error

    def write(self, path: Path, content: str | bytes) -> None:
        """Write one of the folder's files, whole or not at all.

        Raises:
            UserError: It can not be written.
        """
        draft = path.with_name(path.name + ".new")
        try:
            draft.write_bytes(content.encode() if isinstance(content, str) else content)
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise UserError(sentence(path, error)) from error

    def discard(self) -> None:
        """Remove the folder if it was made for a run that then recorded nothing: it never began."""
        if self._is_new and not self.result.exists() and not self._has_events():
            shutil.rmtree(self.path, ignore_errors=True)

    # -- inside ------------------------------------------------------------------------------

    def _require_unused(self) -> None:
        """See that no run is recorded here and that none is being recorded."""
        if self.result.exists() or self._has_events():
            raise UserError(
                f"{self.path} already holds a run: choose another --out, nothing was changed"
            )

    def _has_events(self) -> bool:
        if not self.memory.exists():
            return False
        from stem_memory.log.store import EventStore
        from stem_memory.log.writer_lock import WriterLock

        try:
            if self.memory == self.own_memory:
                WriterLock(self.memory).release()
            with EventStore.reader(self.memory) as store:
                before = self._asked_for("log_from")
                return store.position() > (before if isinstance(before, int) else 0)
        except StoreInUse:
            raise UserError(
                f"{self.path} is being written by another run: choose another --out"
            ) from None
        except MemoryFault:
            # Damaged, of another version, or something else of that name: not ours to write over.
            return True

    def _asked_for(self, field: str) -> object:
        """One field of the configuration, None without it: what is asked here must not depend on
        the whole of it, which an older or newer version may have written.
        """
        try:
            found = json.loads(self.config.read_bytes())
        except (OSError, ValueError):
            return None
        return found.get(field) if isinstance(found, dict) else None


def memory_of(run: Path) -> Path:
    """The memory that people mean by a run: that of the folder, or the file itself."""
    return RunFolder(run).memory if run.is_dir() else run


def folders_of(memory: Path, places: Iterable[Path]) -> tuple[Path, ...]:
    """The run folders in these places that have this memory, each once.

    Args:
        memory: A memory file.
        places: Folders that may be run folders, or hold some.
    """
    found: dict[Path, Path] = {}
    for place in places:
        marks = [place / name for name in (_CONFIG, MEMORY)]
        marks += [mark for name in (_CONFIG, MEMORY) for mark in sorted(place.glob(f"*/{name}"))]
        for mark in marks:
            folder = RunFolder(mark.parent)
            if mark.is_file() and folder.memory.resolve() == memory.resolve():
                found.setdefault(folder.path.resolve(), folder.path)
    return tuple(found.values())


def _next_free(runs: Path, name: str) -> Path:
    """Make the first of runs/NAME-1, runs/NAME-2 ... that is not there; another run may do so too."""
    runs.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        folder = runs / f"{name}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("numbers do not end")


def _read(path: Path, noun: type[_T]) -> _T:
    try:
        return noun.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UserError(f"{path} can not be read ({type(error).__name__}); run it again") from error
