"""Every `retinue memory` command given what is no memory: one sentence, exit 2, nothing touched."""

import os
import shutil
from itertools import product

import pytest
from pysqlite3 import dbapi2

from services.cli import main
from stem_memory.log.store import EventStore
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.testing import body, events_of, start_of

COMMANDS = (
    "where mug-1 @", "history mug-1 @", "near mug-1 @", "as-of 0:10 @", "diff start end @",
    "explain mug-1 @", "search mug @", "verify @", "upgrade @", "scene @", "reach mug-1 @",
    "look @", "disputes @", "bodies @", "tasks @", "context mug @", "tell mug-1 clean no @",
    "retract mug-1 location @", "same mug-1 mug-2 @", "apart mug-1 @", "align @ --x 1",
    "pull @ @", "push @ @", "cubes @", "cube make house @", "notes @", "notes @ --learn",
    "export @ out.retinue", "import @ none.retinue", "privacy @", "audit @", "expire @",
    "erase ann @ --yes", "compact @ --before 0:10 --archive old.gz", "restore @ none.gz",
)  # fmt: skip
KINDS = ("missing", "empty", "text", "folder", "foreign", "truncated", "newer", "broken")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "memory.db"
    start = start_of(
        things={"mug-1": "mug on table-1", "mug-2": "mug on table-2", "ann": "person at hall"},
        bodies=[body("waiter-1", 5, 1)],
    )
    with EventStore.writer(path, lambda: 0, Vault(Keyring.beside(path))) as store:
        store.append(events_of(start))
    return path


def spoil(kind, good, path):
    """Put something that is no sound memory where one should be."""
    whole = good.read_bytes()
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("Dear diary, " * 500, encoding="utf-8")
    elif kind == "folder":
        path.mkdir()
    elif kind == "foreign":
        with dbapi2.connect(path) as db:
            db.execute("CREATE TABLE cats (name)")
        db.close()
    elif kind == "truncated":
        path.write_bytes(whole[: len(whole) // 2 + 100])
    elif kind == "newer":
        shutil.copy(good, path)
        db = dbapi2.connect(path)
        db.execute("PRAGMA user_version = 1000")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    elif kind == "broken":
        torn = bytearray(whole)
        for page in range(8192, len(torn), 4096):
            torn[page : page + 64] = b"\xff" * 64
        path.write_bytes(bytes(torn))


def content(folder):
    return {p.name: p.read_bytes() if p.is_file() else None for p in folder.iterdir()}


@pytest.mark.parametrize(("kind", "command"), list(product(KINDS, COMMANDS)))
def test_what_is_no_memory_is_said_and_left_alone(
    good, tmp_path, monkeypatch, capsys, kind, command
):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    spoil(kind, good, run / "memory.db")
    before = content(run)
    with pytest.raises(SystemExit) as left:
        main(["memory", *(str(run) if word == "@" else word for word in command.split())])
    out, err = capsys.readouterr()
    assert (left.value.code, out, err.count("\n")) == (2, "", 1), err
    assert content(run) == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


@pytest.fixture
def refusing(monkeypatch):
    """A system that refuses to open some files, as for want of a right."""
    real = os.open

    def close(*suffixes):
        def guarded(path, flags, *more, **options):
            if str(path).endswith(suffixes):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, flags, *more, **options)

        monkeypatch.setattr(os, "open", guarded)

    return close


@pytest.mark.parametrize(
    ("closed", "command", "says"),
    [
        (".lock", "tell mug-1 clean no @", "make the file and its folder writable"),
        (".audit", "where mug-1 @", "without a note of it"),
        (".audit", "export @ out.retinue", "without a note of it"),
    ],
)
def test_a_folder_that_may_not_be_written_is_said(
    good, tmp_path, capsys, refusing, closed, command, says
):
    run = tmp_path / "run"
    run.mkdir()
    for file in good.parent.iterdir():
        shutil.copy(file, run / file.name)
    before = (run / "memory.db").read_bytes()
    refusing(closed)
    with pytest.raises(SystemExit) as left:
        main(["memory", *(str(run) if word == "@" else word for word in command.split())])
    out, err = capsys.readouterr()
    assert (left.value.code, out, err.count("\n")) == (2, "", 1)
    assert says in err
    assert (run / "memory.db").read_bytes() == before


def test_an_export_that_can_not_be_written_is_said(good, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["memory", "export", str(good), str(tmp_path / "nowhere" / "out")])
    assert left.value.code == 2
    assert "can not be written: its folder is not there" in capsys.readouterr().err
