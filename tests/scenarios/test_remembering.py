"""What one run learnt from its failures changes what the next one does, and is put on trial there."""

from __future__ import annotations

import json

import pytest

from services import cli
from services.session.contracts import PostedWish, RunConfig
from services.session.run import run
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

# The grippers of all wheeled waiters are broken, in every run: an arm must do it.
FAULTS = tuple(f"tool-fail pick on waiter-{n}" for n in (1, 2, 3))


def play(out, *, runtime="local", faults=FAULTS, wish="clear table 2", **more):
    config = {
        "world": "restaurant",
        "wishes": (PostedWish(t=0.0, text=wish),),
        "faults": faults,
        "runtime": runtime,
        "model": "none",
        "film": False,
        "out": str(out),
        **more,
    }
    return run(RunConfig.model_validate(config))


def bodies_of(out, *kinds):
    path = out / "memory.db"
    with EventStore.reader(path, Vault.beside(path)) as store:
        return [entry.event.body for entry in store.read(kinds=kinds)]


def first_picks(out):
    """Who was chosen first for each step that takes something, and why."""
    found = {}
    for event in bodies_of(out, "step_assigned"):
        given = event.assignment
        if given.explain.notes:
            found.setdefault((given.goal, given.step), given)
    return tuple(found.values())


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """A run in which every waiter failed to pick, and others took over."""
    out = tmp_path_factory.mktemp("learnt") / "run"
    return out, play(out)


@pytest.mark.scenario
def test_failures_become_notes_by_themselves(learnt):
    out, result = learnt
    assert result.replans >= 3
    notes = [event.note for event in bodies_of(out, "note_proposed")]
    assert notes
    assert {note.body_class for note in notes} == {"server"}
    assert all(note.fix.kind == "other_body" for note in notes)
    # What was taken was on a table; that no waiter took anything at all is a lesson of its own.
    assert {note.place for note in notes} == {"table", ""}
    assert "server fails to pick anything: tool failed" in {note.symptom for note in notes}


@pytest.mark.scenario
def test_the_next_run_gives_the_work_to_others_and_tries_the_notes(learnt, tmp_path, capsys):
    before, _ = learnt
    first = play(tmp_path / "without")
    result = play(tmp_path / "with", remember=str(before))
    assert result.goals[0].status == "satisfied"
    assert result.replans == 0 < first.replans
    assert result.virtual_seconds < 0.7 * first.virtual_seconds
    chosen = first_picks(tmp_path / "with")
    followed = [given for given in chosen if any(read.applied for read in given.explain.notes)]
    assert followed
    for given in followed:
        assert not given.body.startswith("waiter")
        warned = [c for c in given.explain.candidates if c.body.startswith("waiter") and c.able]
        assert warned
        assert all("server fails to pick" in candidate.why for candidate in warned)
        assert "server fails to pick" in given.explain.sentence
    tried = bodies_of(tmp_path / "with", "note_tried")
    assert {one.note for one in tried} == {r.note for g in chosen for r in g.explain.notes}
    assert all(one.success for one in tried)
    with pytest.raises(SystemExit):
        cli.main(["memory", "notes", str(tmp_path / "with"), "--json"])
    lines = json.loads(capsys.readouterr().out)["notes"]
    arms = [line["applied"][1] + line["without"][1] for line in lines]
    assert sum(arms) == len(tried)


@pytest.mark.scenario
def test_trials_add_up_over_runs_and_nothing_of_the_world_is_taken_over(learnt, tmp_path):
    before, _ = learnt
    play(tmp_path / "second", remember=str(before))
    play(tmp_path / "third", remember=str(tmp_path / "second"))

    def episodes(out):
        path = out / "memory.db"
        with EventStore.reader(path, Vault.beside(path)) as store:
            records = store.state.notes().records.values()
            return sum(sum(r.trial.applied) + sum(r.trial.without) for r in records)

    assert episodes(tmp_path / "third") == 2 * episodes(tmp_path / "second") > 0
    # The table is as the survey says it is, not as the last run left it.
    path = tmp_path / "third" / "memory.db"
    with EventStore.reader(path, Vault.beside(path)) as store:
        start = store.position_at(0)
        state = store.replay(as_of=0.0, position=start)
        assert "used-cup" in state.contents("table-2")
        assert state.experience("waiter-1", "pick", "cup", "table-2")[-1].successes == 0


@pytest.mark.scenario
@pytest.mark.ray
def test_remembering_is_the_same_on_ray(learnt, tmp_path):
    before, _ = learnt
    here = play(tmp_path / "local", remember=str(before), bodies=4)
    there = play(tmp_path / "ray", runtime="ray", remember=str(before), bodies=4)
    assert there.state_sha256 == here.state_sha256
    assert there.goals == here.goals


def test_a_run_that_is_none_is_told_before_anything_runs(tmp_path, capsys):
    words = ["run", "household", "--remember", tmp_path / "nowhere", "--out", tmp_path / "out"]
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    _, err = capsys.readouterr()
    assert left.value.code == 2
    assert "There is no memory at" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()
