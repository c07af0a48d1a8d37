"""`retinue memory` as people use it."""

import json
import shutil
from pathlib import Path

import pytest

from devices.facts import ClassCard, Location, Thing
from services.commands.menu import Menu, Shelf
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of


@pytest.fixture
def folder(tmp_path):
    """A run in which the red mug was moved, and a late report said where it had been."""
    now = 0
    place = Location(relation="on", holder="table-1")
    start = start_of(
        classes=[ClassCard(cls="mug", names=("mug",))],
        things=[Thing(id="mug-1", cls="mug", attrs={"colour": "red"}, location=place)],
        bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
    )
    late = (
        90.0,
        observed("waiter-2", 40.0, sighting("mug-1", "mug on table-2", 8, 2)),
    )
    seen = observed("waiter-1", 70.0, sighting("mug-1", "mug on counter-1", 1, 1, clean=False))
    with EventStore.writer(tmp_path / "memory.db", lambda: now) as store:
        for event in events_of([*start, seen, late]):
            now = round(event.t * 1000)
            store.append([event])
    return tmp_path


def test_where_says_place_source_and_sureness(told, folder):
    code, out, err = told("where", "red mug", folder)
    assert (code, err) == (0, "")
    assert "mug (mug-1) is on counter 1, sure 9" in out
    assert "seen by waiter-1 at 1:10" in out
    assert "belong" in out or "anywhere" in out
    assert told("where", "the red mug", folder / "memory.db")[1] == out


def test_as_of_answers_on_both_axes(told, folder):
    def place(*words):
        code, out, _ = told("as-of", *words, "--of", "red mug", "--json")
        assert code == 0
        return next(f["value"] for f in json.loads(out)["facts"] if f["attr"] == "location")

    assert place("start", folder) == "table-1"
    assert place("0:50", folder) == "table-2"
    assert place("50s", folder, "--known", "1:15") == "table-1"
    assert place("1:10", folder) == "counter-1"
    code, out, err = told("as-of", "14:03", folder)
    assert code == 0
    assert "on counter-1" in out
    assert "the run ended at 1:30" in err


def test_history_and_diff(told, folder):
    code, out, _ = told("history", "red mug", folder, "--attr", "location")
    assert code == 0
    assert [line.split()[3] for line in out.splitlines()[1:]] == ["table-1", "table-2", "counter-1"]
    out = told("diff", "start", "end", folder)[1]
    assert "on table-1" in out
    assert "on counter-1" in out
    assert "nothing is known to have changed" in told("diff", "end", "end", folder)[1]


def test_explain_names_the_evidence(told, folder):
    code, out, _ = told("explain", "red mug", folder)
    assert code == 0
    assert "location is counter-1 since 1:10, from waiter-1" in out
    assert "1:10" in out.splitlines()[-1]
    answer = json.loads(told("explain", "red mug", folder, "--at", "start", "--json")[1])
    assert answer["evidence"][0]["source"] == "survey"


def test_near_search_and_verify(told, folder):
    assert "mug-1" in told("near", "counter 1", folder, "--radius", "0.5")[1]
    assert (
        "nothing is known"
        in told("near", "counter 1", folder, "--radius", "0.5", "--at", "start")[1]
    )
    between = json.loads(
        told("near", "table 1", folder, "--radius", "3", "--between", "0", "0:30", "--json")[1]
    )["facts"]
    assert not any(fact["value"] == "counter-1" for fact in between)
    found = told("near", "counter 1", folder, "--between", "1:00", "1:30")[1]
    assert "on counter-1" in found
    assert "1:10" in found
    assert told("near", "counter 1", folder, "--between", "1:30", "1:00")[0] == 2
    assert "counter 1" in told("search", "mug counter", folder)[1]
    assert "nothing was found" in told("search", "zebra", folder)[1]
    checked = json.loads(told("verify", folder, "--json")[1])
    assert checked["events"] == 6


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("where", "unicorn"), "Memory knows no 'unicorn'"),
        (("as-of", "teatime"), "'teatime' is no time"),
        (("explain", "red mug", "--at", "-1"), "'-1' is no time"),
        (("near", "red mug", "--radius", "0"), "--radius"),
    ],
)
def test_bad_input_is_one_sentence(told, folder, words, says):
    code, out, err = told(*words[:2], folder, *words[2:])
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_upgrade_makes_an_old_memory_readable(told, tmp_path):
    old = Path(__file__).parents[1] / "stem_memory" / "old" / "schema-2.db"
    shutil.copy(old, tmp_path / "memory.db")
    code, _, err = told("where", "mug-1", tmp_path)
    assert code == 2
    assert "retinue memory upgrade" in err
    assert told("upgrade", tmp_path)[0] == 0
    assert "on counter 1" in told("where", "mug-1", tmp_path)[1]
    assert told("upgrade", tmp_path / "nowhere")[0] == 2
    assert not (tmp_path / "nowhere").exists()


def test_compact_and_restore(told, folder, tmp_path):
    before = told("history", "red mug", folder)[1]
    archive = tmp_path / "old.gz"
    code, out, _ = told("compact", folder, "--before", "1:15", "--archive", archive)
    assert code == 0
    assert "1 event went into" in out
    assert told("history", "red mug", folder)[1] == before
    code, _, err = told("history", "red mug", folder, "--known", "0:10")
    assert code == 2
    assert "restore the archive" in err
    assert told("restore", folder, archive)[0] == 0
    assert told("history", "red mug", folder, "--known", "0:10")[0] == 0
    assert told("history", "red mug", folder)[1] == before


QUERY = """
from services.commands.output import Output, listed
from services.commands.memory.asking import Asked, At


def mugs(run: Asked, at: At = None) -> Output:
    \"\"\"List the mugs.\"\"\"
    mugs = [thing for thing in run.believed(at).ids("object") if thing.startswith("mug")]
    return listed("mugs", mugs, ("mug",), lambda mug: (mug,), "no mugs")
"""


def test_a_strangers_query_is_a_command_like_ours(folder, tmp_path, told, monkeypatch, capsys):
    info = tmp_path / "site" / "pottery-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pottery\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[retinue.queries]\nmugs = pottery:mugs\nwhere = pottery:mugs\nx = gone:x\n", "utf-8"
    )
    (info.parent / "pottery.py").write_text(QUERY, "utf-8")
    monkeypatch.syspath_prepend(str(info.parent))
    memory = Menu(
        "memory", commands=Shelf("services.commands.memory", (("questions", "where"),), "queries")
    )
    memory.main(["--help"], standalone_mode=False)
    shown = capsys.readouterr()
    assert "mugs   List the mugs." in shown.out
    assert "where  Tell where a thing is" in shown.out
    assert "the plug-in 'where' is not used: there is a command of that name" in shown.err
    assert "the plug-in 'x' of pottery (retinue.queries, gone:x) is not used" in shown.err
    memory.main(["mugs", str(folder), "--at", "end", "--json"], "memory", standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == {"mugs": ["mug-1"]}
    notes = json.loads(told("audit", folder, "--json")[1])["readings"]
    assert [(note["purpose"], note["question"]) for note in notes] == [("memory mugs", "at end")]


@pytest.mark.parametrize("name", ["nothing-here", "memory.db"])
def test_what_is_no_memory_is_said_and_left_alone(told, tmp_path, name):
    file = tmp_path / "memory.db"
    file.write_text("Dear diary, " * 500, encoding="utf-8")
    code, _, err = told("where", "mug", tmp_path / name)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert file.read_text(encoding="utf-8") == "Dear diary, " * 500
    assert [p.name for p in tmp_path.iterdir()] == ["memory.db"]
