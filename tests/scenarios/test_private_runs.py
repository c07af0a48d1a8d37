"""Privacy in whole runs: what is never recorded, what expires, who read what, who is erased."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3

import pytest

from services.session.contracts import PostedWish, RunConfig
from services.session.run import run
from sim_worlds.contracts import Film
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

WISH = "bring me the red mug"


def play(out, *, wish=WISH, runtime="local", film=False, **more):
    wishes = (PostedWish(t=0.0, text=wish),) if wish else ()
    config = {
        "world": "household",
        "wishes": wishes,
        "runtime": runtime,
        "model": "none",
        "film": film,
        "out": str(out),
        **more,
    }
    return run(RunConfig.model_validate(config))


def reported(out):
    """Every sighting and every word in a run's log."""
    path = out / "memory.db"
    with EventStore.reader(path, Vault.beside(path)) as store:
        for entry in store.read(kinds=("observed",)):
            yield from entry.event.body.observation.sightings
            yield from entry.event.body.observation.heard


@pytest.mark.scenario
def test_what_is_personal_is_sealed_and_changes_no_hash(tmp_path, monkeypatch):
    sealed = play(tmp_path / "sealed")
    content = (tmp_path / "sealed" / "memory.db.keys").read_text(encoding="utf-8")
    assert {"person/sam", "person/ruth"} <= json.loads(content)["keys"].keys()
    monkeypatch.setattr(Vault, "seal", lambda self, event: event.body)
    assert play(tmp_path / "clear").state_sha256 == sealed.state_sha256
    with sqlite3.connect(tmp_path / "sealed" / "memory.db") as db:
        bodies = " ".join(body for (body,) in db.execute("SELECT body FROM event"))
    assert not re.search(r"\b(sam|ruth|lily|noor)\b", bodies, re.IGNORECASE)
    assert WISH not in bodies


@pytest.mark.scenario
def test_nothing_of_a_no_record_room_is_recorded(tmp_path):
    out = tmp_path / "run"
    play(out, wish="", no_record=("living-room",))
    living = {"sofa", "coffee-table", "dining-table", "bookshelf", "living-room"}
    seen = [s for s in reported(out) if getattr(s, "category", "") in ("object", "person")]
    assert seen
    assert not [s for s in seen if s.location is not None and s.location.holder in living]
    play(tmp_path / "open", wish="")
    seen = [s for s in reported(tmp_path / "open") if getattr(s, "category", "") == "object"]
    assert [s for s in seen if s.location is not None and s.location.holder in living]


@pytest.mark.scenario
def test_work_that_nobody_could_see_done_is_refused(tmp_path):
    result = play(tmp_path / "run", wish="mop the spill in the bathroom", no_record=("bathroom",))
    assert result.goals[0].status == "refused"
    assert "nothing may be recorded in the bathroom" in result.goals[0].reason.lower()
    assert result.steps == 0
    only_people = play(tmp_path / "people", wish="mop the spill in the bathroom")
    assert only_people.goals[0].status == "satisfied"


@pytest.mark.scenario
def test_what_was_to_be_kept_shortly_is_gone_at_the_end(tmp_path):
    out = tmp_path / "run"
    result = play(out, keep=("person 2s",))
    assert result.expired > 0
    late = [s for s in reported(out) if getattr(s, "category", "") == "person"]
    kept = play(tmp_path / "kept")
    assert kept.expired == 0
    every = [s for s in reported(tmp_path / "kept") if getattr(s, "category", "") == "person"]
    assert len(late) < len(every)
    path = out / "memory.db"
    with EventStore.reader(path, Vault.beside(path)) as store:
        store.verify()
        assert store.replay().digest() == result.state_sha256
        assert store.position() == result.events
    assert play(tmp_path / "again", keep=("person 2s",)).state_sha256 == result.state_sha256


@pytest.mark.scenario
@pytest.mark.ray
def test_privacy_is_the_same_on_ray(tmp_path):
    rules = {"no_record": ("people in kitchen",), "keep": ("person 5s",), "bodies": 2}
    here = play(tmp_path / "local", wish="", **rules)
    there = play(tmp_path / "ray", wish="", runtime="ray", **rules)
    assert there.state_sha256 == here.state_sha256
    assert there.expired == here.expired > 0


@pytest.mark.scenario
def test_erasing_a_person_cleans_the_whole_run(tmp_path, retinue):
    out = tmp_path / "run"
    code, _, _ = retinue(
        "run", "household", "--runtime", "local", "--model", "none", "--out", out, "--json"
    )
    assert code == 0
    retinue("memory", "where", "Sam", out)
    code, said, _ = retinue("memory", "erase", "Sam", out, "--yes")
    assert code == 0
    assert "Sam is erased" in said
    assert "the report was made again" in said
    assert retinue("memory", "verify", out)[0] == 0
    assert retinue("memory", "where", "sam", out)[0] == 2
    for name in ("report.html", "config.json", "metrics.json", "graph.svg", "memory.db.audit"):
        # The video stands in the page as letters that may spell anything.
        text = re.sub(r"base64,[\w+/=]+", "", (out / name).read_text(encoding="utf-8"))
        assert not re.search(r"\bsam\b", text, re.IGNORECASE), name
    assert "(erased)" in (out / "report.html").read_text(encoding="utf-8")
    with gzip.open(out / "film.json.gz") as stream:
        film = Film.model_validate_json(stream.read())
    assert film.people == ("noor", "lily", "ruth")
    assert not [cut for cut in film.cuts if "sam" in (cut.thing, cut.holder)]
    for name in ("memory.db", "memory.db-wal", "memory.db.keys"):
        if (out / name).exists():
            content = (out / name).read_bytes()
            assert b"person/sam" not in content
            assert b'"sam"' not in content
            assert b"turn off the bedroom lamp" not in content
    # The others are still there, and so is the report's door to them.
    assert retinue("memory", "where", "ruth", out)[0] == 0
    assert retinue("report", out, "--no-video")[0] == 0
    assert retinue("memory", "erase", "sam", out, "--yes")[0] == 2


@pytest.mark.scenario
def test_erasing_a_person_cleans_every_run_of_a_memory(tmp_path, retinue):
    house = str(tmp_path / "house.db")
    for name in ("first", "far/second"):
        play(tmp_path / name, memory=house)
    play(tmp_path / "stranger")
    assert retinue("report", tmp_path / "first")[0] == 0
    code, said, _ = retinue(
        "memory", "erase", "Sam", tmp_path / "first", "--also", tmp_path / "far", "--yes"
    )
    assert code == 0
    assert f"made again without them in {tmp_path / 'first'}" in said
    for name in ("first/report.html", "first/metrics.json", "far/second/metrics.json"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert not re.search(r"\bsam\b", text, re.IGNORECASE), name
    assert "sam" in (tmp_path / "stranger" / "metrics.json").read_text(encoding="utf-8")


@pytest.mark.scenario
def test_the_audit_says_who_read_what(tmp_path, retinue):
    out = tmp_path / "run"
    play(out)
    retinue("memory", "where", "grandma", out)
    retinue("memory", "where", "red mug", out)
    retinue("memory", "as-of", "end", out)
    code, text, _ = retinue("memory", "audit", out, "--json")
    readings = json.loads(text)["readings"]
    assert code == 0
    assert [r["purpose"].split()[-1] for r in readings] == ["where", "where", "as-of"]
    assert readings[0]["question"].strip() == "ruth"
    assert readings[1]["about"] == ["sam"]
    about = json.loads(retinue("memory", "audit", out, "--about", "Ruth", "--json")[1])
    assert len(about["readings"]) == 2
    assert "ruth" not in (out / "memory.db.audit").read_text(encoding="utf-8")
    lines = (out / "memory.db.audit").read_text(encoding="utf-8").replace("red mug", "tea cup")
    (out / "memory.db.audit").write_text(lines, encoding="utf-8")
    code, _, err = retinue("memory", "audit", out)
    assert code == 2
    assert "was changed at line 2" in err


@pytest.mark.scenario
def test_a_sealed_memory_is_not_read_without_a_note(tmp_path, retinue):
    out = tmp_path / "run"
    play(out)
    (out / "memory.db.audit").mkdir()
    code, text, err = retinue("memory", "where", "ruth", out)
    assert (code, text) == (2, "")
    assert "can not be written" in err
    assert err.count("\n") == 1


@pytest.mark.scenario
def test_rules_are_shown_and_carried_out_later(tmp_path, retinue):
    out = tmp_path / "run"
    play(out)
    rules = json.loads(retinue("memory", "privacy", out, "--json")[1])
    assert rules["sealed"] is True
    assert rules["no_record"][0]["zone"] == "bathroom"
    assert rules["keep"] == [{"cls": "person", "place": "", "keep_s": 604800.0}]
    assert "7 days" in retinue("memory", "privacy", out)[1]
    assert "nothing is due" in retinue("memory", "expire", out)[1]
    code, text, _ = retinue("memory", "expire", out, "--at", "400:00:00")
    assert code == 0
    assert "reports are forgotten" in text
    assert retinue("memory", "verify", out)[0] == 0


@pytest.mark.scenario
def test_a_compacted_run_can_still_forget(tmp_path, retinue):
    out = tmp_path / "run"
    play(out, wish="")
    before = retinue("memory", "history", "ruth", out)[1]
    archive = tmp_path / "old.gz"
    code, _, _ = retinue("memory", "compact", out, "--before", "1:00", "--archive", archive)
    assert code == 0
    assert retinue("memory", "history", "ruth", out)[1] == before
    code, _, err = retinue("report", out)
    assert code == 2
    assert "restore the archive" in err
    archive.rename(tmp_path / "moved.gz")
    code, _, err = retinue("memory", "erase", "lily", out, "--yes")
    assert (code, err.count("\n")) == (2, 1)
    assert "--archive" in err
    moved = ("--archive", tmp_path / "moved.gz")
    assert retinue("memory", "erase", "lily", out, "--yes", *moved)[0] == 0
    assert retinue("memory", "verify", out)[0] == 0
    assert retinue("memory", "history", "ruth", out)[1] == before
    assert retinue("memory", "where", "lily", out)[0] == 2


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--no-record", "attic", "no such room"),
        ("--no-record", "dogs in kitchen", "no such room"),
        ("--keep", "person", "can not be read"),
        ("--keep", "unicorn 10s", "no class unicorn"),
        ("--keep", "person in attic 10s", "no place 'attic'"),
        ("--keep", "person 0s", "keeps nothing at all"),
    ],
)
def test_rules_that_can_not_be_are_told_before_anything_runs(
    tmp_path, retinue, option, value, says
):
    out = tmp_path / "run"
    words = ("run", "household", "--runtime", "local", option, value, "--out", out)
    code, text, err = retinue(*words)
    # What is asked for is told at once, before it has been read whole.
    assert (code, text) == (2, "household (seed 0, local)\n")
    assert says in err
    assert err.count("\n") == 1
    assert not out.exists()
