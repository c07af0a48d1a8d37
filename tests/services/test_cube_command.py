"""retinue memory cube ..., as typed at the terminal."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from stem_memory.log.store import EventStore
from stem_memory.notes.contracts import Fix, Note, NoteProposed
from stem_memory.notes.signature import signed
from stem_memory.testing import body, events_of, observed, sighting, start_of

LESSON = signed(
    Note(id="", skill="pick", symptom="it slips", cause="wet", fix=Fix(kind="again", text="again"))
)


@pytest.fixture
def run(tmp_path):
    start = start_of(
        things={"mug-1": "mug on table-1", "mug-2": "mug on table-2"},
        bodies=[body("waiter-1", 5, 1)],
    )
    later = [
        observed("waiter-1", 60.0, sighting("mug-1", "mug on table-2", 6, 2)),
        NoteProposed(note=LESSON, by="test"),
    ]
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start, *later]))
    return tmp_path


@pytest.fixture
def cube(told, run):
    def act(action, *words, **options):
        flags = [part for k, v in options.items() for part in (f"--{k.rstrip('_')}", v)]
        code, out, err = told("cube", action, *words, run, *flags)
        assert (code, err) == (0, ""), err
        return out

    return act


def holds(told, run, name):
    entries = json.loads(told("cubes", run, "--cube", name, "--json")[1])["entries"]
    return {entry["entry"]: entry for entry in entries}


def test_a_cube_is_made_filled_forked_merged_and_shared(run, told, cube):
    cube("make", "house", title="The house")
    cube("put", "house", fact="mug-1")
    cube("put", "house", note=LESSON.id)
    cube("put", "house", event="2")
    assert set(holds(told, run, "house")) == {"mug-1/location", LESSON.id, "event/2"}
    assert told("cube", "fork", "house", "mine", run, "--as", "ann")[0] == 2
    cube("grant", "house", "ann", "read")
    cube("fork", "house", "mine", as_="ann")
    cube("put", "mine", as_="ann", fact="mug-2")
    cube("put", "mine", as_="ann", drop="event/2")
    cube("grant", "mine", "operator", "read", as_="ann")
    assert "is at revision" in cube("merge", "mine", "house")
    assert set(holds(told, run, "house")) == {"mug-1/location", "mug-2/location", LESSON.id}
    assert "had it all" in cube("merge", "mine", "house")
    code, out, _ = told("cube", "grant", "house", "ann", "read", run, "--revoke")
    assert (code, "no longer" in out) == (0, True)
    assert "was one already" in cube("unite", "house")


def test_a_snapshot_of_several_is_brought_back_whole(run, told, cube):
    for name in ("one", "two"):
        cube("make", name)
        cube("put", name, fact="mug-1")
    assert told("cube", "snapshot", "monday", run, "one", "two")[0] == 0
    for name in ("one", "two"):
        cube("put", name, drop="mug-1/location")
    assert "one, two" in cube("back", "monday")
    assert set(holds(told, run, "one")) == set(holds(told, run, "two")) == {"mug-1/location"}


def test_what_cools_down_moves_and_what_is_forgotten_is_gone(run, told, cube):
    cube("make", "house")
    cube("put", "house", fact="mug-1")
    assert holds(told, run, "house")["mug-1/location"]["tier"] == "hot"
    assert "nothing has cooled down" in cube("demote")
    for hours, tier in (("10", "warm"), ("40", "archived")):
        assert told("cube", "demote", run, "--at", f"{hours}:00:00")[0] == 0
        assert holds(told, run, "house")["mug-1/location"]["tier"] == tier
    # Looking into the future does not make it now.
    assert (
        json.loads(told("where", "mug-1", run, "--json")[1])["answers"][0]["belief"]["seen_s"] == 60
    )
    cube("stage", "house", "forgotten")
    assert holds(told, run, "house") == {}
    code, _, err = told("cube", "put", "house", run, "--fact", "mug-1")
    assert (code, "is forgotten" in err) == (2, True)


def test_an_adapter_is_safetensors_and_nothing_else(run, told, cube, tmp_path):
    cube("make", "house")
    good, bad = tmp_path / "good.safetensors", tmp_path / "bad.safetensors"
    save_file({"w": np.zeros((2, 2), np.float32)}, good)
    bad.write_bytes(b"\x80\x04pickle")
    base = "ab" * 32
    code, _, _ = told("cube", "adapter", "house", run, good, "--base", base)
    assert code == 0
    assert "adapter/good" in holds(told, run, "house")
    code, _, err = told("cube", "adapter", "house", run, bad, "--base", base)
    assert (code, "no safetensors file" in err) == (2, True)
    assert told("cube", "adapter", "house", run, good, "--base", "ff")[0] == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("put", "house", "RUN"), "nothing to put in"),
        (("put", "barn", "RUN", "--fact", "mug-1"), "there is no cube barn"),
        (("put", "house", "RUN", "--fact", "unicorn"), "knows no 'unicorn'"),
        (("put", "house", "RUN", "--fact", "mug-1:colour"), "nothing is known of the colour"),
        (("put", "house", "RUN", "--note", "note-0"), "there is no note note-0"),
        (("put", "house", "RUN", "--event", "999"), "there is no event 999"),
        (("make", "house", "RUN"), "the cube house exists"),
        (("fork", "barn", "new", "RUN"), "there is no cube barn"),
        (("merge", "house", "barn", "RUN"), "there is no cube barn"),
        (("grant", "house", "ann", "fly", "RUN"), "fly"),
        (("stage", "house", "asleep", "RUN"), "asleep"),
        (("stage", "house", "merged", "RUN", "--as", "eve"), "eve may not manage"),
        (("back", "never", "RUN"), "there is no snapshot never"),
        (("adapter", "house", "RUN", "nowhere", "--base", "ab" * 32), "no safetensors file"),
        (("make", "barn", "nowhere"), "There is no memory at nowhere"),
    ],
)
def test_nonsense_is_one_sentence_and_changes_nothing(run, told, cube, words, says):
    cube("make", "house")
    before = told("verify", run)[1]
    code, out, err = told("cube", *(run if word == "RUN" else word for word in words))
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert told("verify", run)[1] == before
