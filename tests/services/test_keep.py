"""retinue memory cubes|notes|export|import|erase, as typed at the terminal."""

import json

import pytest

from services.cli import main
from stem_memory.contracts import Spoken
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.contracts import EventItem
from stem_memory.cubes.desk import Cubes
from stem_memory.log.store import EventStore
from stem_memory.notes.contracts import Fix, Note, NoteProposed
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.testing import body, events_of, observed, sighting, start_of


@pytest.fixture
def run(tmp_path):
    """A run folder whose memory holds a cube, a note and a person."""
    folder = tmp_path / "run"
    folder.mkdir()
    fix = Fix(kind="again", wait_s=8.0, text="try again within 8 s")
    note = Note(id="", skill="pick", symptom="the grip slips", cause="wet", fix=fix)
    start = start_of(things={"ann": "person at hall"}, bodies=[body("waiter-1", 5, 1)])
    later = [
        observed("waiter-1", 1.0, sighting("ann", "person at hall", 6.0, 2.0)),
        Spoken(body="waiter-1", to="ann", text="good morning, ann"),
        NoteProposed(note=note, by="test", episodes=("e1", "e2")),
    ]
    with EventStore.writer(folder / "memory.db", lambda: 0) as store:
        store.append(events_of([*start, *later]))
        desk = Cubes(store, BlobStore.beside(store.path), "ann", lambda: 2.0)
        desk.make("house", title="The house")
        desk.put("house", {"said": EventItem(origin="test", seq=5)})
    return folder


def told(capsys, *words):
    """Exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as left:
        main(["memory", *map(str, words)])
    return left.value.code, *capsys.readouterr()


def test_cubes_and_what_they_hold(run, capsys):
    code, out, _ = told(capsys, "cubes", run)
    assert code == 0
    assert "The house" in out
    _, out, _ = told(capsys, "cubes", run, "--cube", "house", "--json")
    assert json.loads(out)["entries"][0]["items"] == ["event test/5"]
    code, _, err = told(capsys, "cubes", run, "--cube", "barn")
    assert code == 2
    assert "there is no cube barn; there are: house" in err


def test_notes(run, capsys):
    _, out, _ = told(capsys, "notes", run, "--learn", "--json")
    (line,) = json.loads(out)["notes"]
    assert (line["status"], line["taught"]) == ("candidate", 2)
    assert "the grip slips" in told(capsys, "notes", run)[1]
    id_ = line["note"]["id"]
    words = ("notes", run, "--judge", id_, "retired", "--by", "ann", "--reason", "we dried it")
    assert "no notes" in told(capsys, *words)[1]
    (line,) = json.loads(told(capsys, "notes", run, "--retired", "--json")[1])["notes"]
    assert (line["status"], line["why"]) == ("retired", "ann: we dried it")
    code, _, err = told(capsys, "notes", run, "--judge", "note-0", "retired")
    assert (code, err.count("\n"), "there is no note note-0" in err) == (2, 1, True)
    assert told(capsys, "notes", run, "--judge", id_, "great")[0] == 2


def test_export_and_import(run, tmp_path, capsys):
    file = tmp_path / "memory.retinue"
    assert told(capsys, "export", run, file)[0] == 0
    code, out, _ = told(capsys, "import", tmp_path / "new.db", file, "--json")
    assert code == 0
    assert json.loads(out)["new_events"] == json.loads(out)["events"]
    states = [
        json.loads(told(capsys, "verify", memory, "--json")[1])["state_sha256"]
        for memory in (run, tmp_path / "new.db")
    ]
    assert states[0] == states[1]


def test_what_is_sealed_stays_so_until_its_keys_are_brought(tmp_path, capsys):
    path, other = tmp_path / "memory.db", tmp_path / "other.db"
    start = start_of(things={"ann": "person at hall"}, bodies=[body("waiter-1", 5, 1)])
    with EventStore.writer(path, lambda: 0, Vault(Keyring.beside(path))) as store:
        store.append(events_of(start))
    told(capsys, "export", path, tmp_path / "out")
    code, out, _ = told(capsys, "import", other, tmp_path / "out")
    assert code == 0
    assert "1 of them are sealed" in out
    assert told(capsys, "where", "ann", other)[0] == 2
    (tmp_path / "other.db.keys").write_bytes((tmp_path / "memory.db.keys").read_bytes())
    assert told(capsys, "upgrade", "--anew", other)[0] == 0
    assert told(capsys, "where", "ann", other)[0] == 0
    assert told(capsys, "history", "ann", other)[1] == told(capsys, "history", "ann", path)[1]


def test_a_damaged_file_leaves_nothing_behind(run, tmp_path, capsys):
    file = tmp_path / "memory.retinue"
    told(capsys, "export", run, file)
    file.write_bytes(file.read_bytes()[:-100])
    code, _, err = told(capsys, "import", tmp_path / "new.db", file)
    assert (code, err.count("\n")) == (2, 1)
    assert "can not be read as an exported memory" in err
    assert not (tmp_path / "new.db").exists()


def test_erase(run, capsys):
    code, _, err = told(capsys, "erase", "ann", run, "--yes")
    assert code == 2
    assert "--rewrite" in err
    code, out, _ = told(capsys, "erase", "ann", run, "--rewrite", "--yes")
    assert code == 0
    assert "ann is erased" in out
    assert told(capsys, "verify", run)[0] == 0
    assert told(capsys, "where", "ann", run)[0] == 2
    assert b"good morning" not in (run / "memory.db").read_bytes()


def test_a_sealed_memory_is_read_with_its_keys(tmp_path, capsys):
    path = tmp_path / "memory.db"
    start = start_of(things={"ann": "person at hall"}, bodies=[body("waiter-1", 5, 1)])
    with EventStore.writer(path, lambda: 0, Vault(Keyring.beside(path))) as store:
        store.append(events_of(start))
    assert told(capsys, "where", "ann", path)[0] == 0
    Keyring.beside(path).path.unlink()
    assert told(capsys, "verify", path)[0] == 0
