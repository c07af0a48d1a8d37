"""The folder of a run: which one a new run gets, what stays of one that broke off, what it names."""

import errno
import json
import os

import pytest

from services.errors import UserError
from services.session.contracts import RunConfig
from services.session.folder import RunFolder, folders_of, memory_of
from stem_memory.contracts import Event, Spoken
from stem_memory.log.store import EventStore


def record(path, count=1):
    with EventStore.writer(path, lambda: 0) as store:
        at = store.position()
        said = Spoken(body="waiter-1", to="ann", text="hello")
        store.append([Event(origin="t", seq=at + n, t=0.0, body=said) for n in range(count)])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_next_free_folder_is_taken_and_is_nobody_elses(here):
    (here / "runs" / "household-2").mkdir(parents=True)
    made = [RunFolder.create(None, "worlds/household.yaml").path.name for _ in range(3)]
    assert made == ["household-1", "household-3", "household-4"]


def test_a_folder_that_holds_a_run_is_refused(here, result_of):
    folder = RunFolder.create("out", "w")
    folder.write_config(RunConfig(world="w"))
    record(folder.memory)
    with pytest.raises(UserError, match="already holds a run"):
        RunFolder.create("out", "w")
    folder.write_result(result_of(run_dir=str(folder.path)))
    folder.memory.unlink()
    with pytest.raises(UserError, match="already holds a run"):
        RunFolder.create("out", "w")


def test_what_broke_off_before_anything_was_recorded_is_in_nobodys_way(here):
    folder = RunFolder.create("out", "w")
    folder.write_config(RunConfig(world="w"))
    record(folder.memory, 0)
    assert folder.memory.is_file()
    again = RunFolder.create("out", "w")
    record(again.memory)
    assert again.memory == folder.memory


def test_a_run_that_is_just_beginning_is_not_written_over(here):
    folder = RunFolder.create("out", "w")
    with (
        EventStore.writer(folder.memory, lambda: 0),
        pytest.raises(UserError, match="is being written by another run"),
    ):
        RunFolder.create("out", "w")


def test_whatever_else_is_called_a_memory_is_left_alone(here):
    (here / "out").mkdir()
    (here / "out" / "memory.db").write_text("my diary", encoding="utf-8")
    with pytest.raises(UserError, match="already holds a run"):
        RunFolder.create("out", "w")
    assert (here / "out" / "memory.db").read_text(encoding="utf-8") == "my diary"


def test_a_folder_that_can_not_be_made_is_told(here):
    (here / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="a part of its path is a file; name another place"):
        RunFolder.create("file/out", "w")


def test_the_configuration_names_a_memory_that_lies_elsewhere(here, monkeypatch):
    record(here / "house.db", 3)
    folder = RunFolder.create("out", "w")
    folder.write_config(RunConfig(world="w", memory="house.db", log_from=3, base_s=60.0))
    monkeypatch.chdir("/")
    opened = RunFolder.open(folder.path if folder.path.is_absolute() else here / folder.path)
    assert opened.memory == memory_of(opened.path) == here / "house.db"
    assert (opened.read_config().log_from, opened.read_config().base_s) == (3, 60.0)
    monkeypatch.chdir(here)
    RunFolder.create("out", "w")
    record(here / "house.db", 1)
    with pytest.raises(UserError, match="already holds a run"):
        RunFolder.create("out", "w")


def test_every_run_of_a_memory_is_found(here):
    record(here / "house.db", 1)
    for name in ("runs/a", "b"):
        RunFolder.create(name, "w").write_config(RunConfig(world="w", memory="house.db"))
    own = RunFolder.create("runs/own", "w")
    own.write_config(RunConfig(world="w"))
    record(own.memory)
    places = [here, here / "runs", here / "b", here / "nowhere"]
    found = folders_of(here / "house.db", places)
    assert [path.relative_to(here).as_posix() for path in found] == ["b", "runs/a"]
    # A folder that has lost its configuration still holds what was seen.
    own.config.unlink()
    assert folders_of(own.memory, places) == (here / "runs" / "own",)


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda at: None, "there is nothing of that name"),
        (lambda at: at.write_text("", encoding="utf-8"), "but a file: name the folder"),
        (lambda at: at.mkdir(), r"memory\.db is missing"),
    ],
)
def test_what_is_no_run_folder_is_told_with_what_is_missing(here, prepare, says):
    prepare(here / "it")
    with pytest.raises(UserError, match=says):
        RunFolder.open(here / "it")


def test_the_memory_in_place_of_its_folder_is_answered_with_the_folder(here):
    folder = RunFolder.create("out", "w")
    folder.write_config(RunConfig(world="w"))
    record(folder.memory)
    with pytest.raises(UserError, match=r"name the folder, such as out$"):
        RunFolder.open(folder.memory)


def test_a_run_that_broke_off_has_no_outcome_and_no_film(here):
    folder = RunFolder.create("out", "w")
    folder.write_config(RunConfig(world="w", seed=7))
    assert folder.read_config().seed == 7
    assert folder.read_result() is None
    assert folder.read_film() is None
    with pytest.raises(UserError, match=r"config\.json is missing"):
        RunFolder(here).read_config()


@pytest.mark.parametrize("content", ["{", "[]", '{"world": 3}', '{"world": "w", "tomorrow": 1}'])
def test_a_configuration_that_can_not_be_read_is_told(here, content):
    folder = RunFolder.create("out", "w")
    folder.config.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"config\.json can not be read"):
        folder.read_config()
    # Its memory is found all the same.
    assert folder.memory.name == "memory.db"


def test_what_could_not_be_written_whole_is_not_there(here, monkeypatch):
    folder = RunFolder.create("out", "w")
    folder.write_config(RunConfig(world="w", seed=1))

    def full(self, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(UserError, match=r"config\.json can not be written: the disk is full"):
        folder.write_config(RunConfig(world="w", seed=2))
    assert json.loads(folder.config.read_text(encoding="utf-8"))["seed"] == 1
    assert [path.name for path in folder.path.iterdir()] == ["config.json"]


def test_a_run_that_never_began_leaves_no_folder(here):
    folder = RunFolder.create(None, "household")
    folder.write_config(RunConfig(world="household"))
    folder.discard()
    assert not folder.path.exists()
    (here / "mine").mkdir()
    RunFolder.create("mine", "household").discard()
    assert (here / "mine").is_dir()
    begun = RunFolder.create("out", "household")
    begun.write_config(RunConfig(world="household"))
    record(begun.memory)
    begun.discard()
    assert begun.memory.is_file()


def test_a_memory_that_was_moved_away_is_told(here):
    folder = RunFolder.create("out", "household")
    house = here / "house.db"
    folder.write_config(RunConfig(world="household", memory=str(house)))
    with pytest.raises(UserError, match=r"the memory of out, .*house\.db, is not there"):
        RunFolder.open(folder.path)
