"""Cubes: nothing put into one is lost by a merge, read without a right, or changed by a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_memory.contracts import Event
from stem_memory.cubes.contracts import (
    AdapterItem,
    CubeChanged,
    NoteItem,
    Revised,
    Staged,
    Touched,
)
from stem_memory.cubes.errors import (
    BlobDamaged,
    CubeFault,
    NotGranted,
)
from stem_memory.cubes.heat import Demotion, Heat, tier_of
from stem_memory.cubes.prefix import (
    Engine,
    cached_item,
    stale_prefixes,
    text_of_tier,
    wanted_prefix,
)
from stem_memory.cubes.revision import disputed
from stem_memory.sync.exchange import merged_state, pull
from stem_memory.sync.replica import SqliteReplica
from tests.stem_memory.conftest import Bench

SHA = "a" * 64


def note(text):
    return NoteItem(note=text)


def words(item):
    return getattr(item, "note", None)


def names(manifest):
    return {entry: sorted(i.note for i in items) for entry, items in manifest.items()}


def test_a_fork_goes_its_own_way(bench):
    bench.ann.make("house")
    bench.ann.put("house", {"a": note("1"), "b": note("1")})
    bench.ann.fork("house", "lab")
    bench.ann.put("lab", {"a": note("2")}, drop=["b"])
    assert names(bench.book.manifest("house")) == {"a": ["1"], "b": ["1"]}
    assert names(bench.book.manifest("lab")) == {"a": ["2"]}


def test_a_merge_takes_both_sides_and_keeps_conflicts_as_disputes(bench):
    bench.ann.make("house")
    bench.ann.put("house", {"same": note("1"), "mine": note("1"), "both": note("1")})
    bench.ann.fork("house", "lab")
    bench.ann.put("house", {"mine": note("2"), "both": note("here")})
    bench.ann.put("lab", {"new": note("n"), "both": note("there")})
    bench.ann.merge("lab", "house")
    held = bench.book.manifest("house")
    assert names(held) == {
        "same": ["1"],
        "mine": ["2"],
        "new": ["n"],
        "both": ["here", "there"],
    }
    assert disputed(held) == ("both",)
    assert bench.book.cubes["lab"].stage == "merged"
    bench.ann.put("house", {"both": note("there")}, reason="there is right")
    assert disputed(bench.book.manifest("house")) == ()


def test_what_one_side_dropped_and_the_other_changed_is_kept(bench):
    bench.ann.make("house")
    bench.ann.put("house", {"a": note("1"), "b": note("1")})
    bench.ann.fork("house", "lab")
    bench.ann.put("house", {}, drop=["a", "b"])
    bench.ann.put("lab", {"a": note("2")})
    bench.ann.merge("lab", "house")
    assert names(bench.book.manifest("house")) == {"a": ["2"]}


def test_merging_twice_brings_only_what_is_new(bench):
    bench.ann.make("house")
    bench.ann.put("house", {"a": note("1")})
    bench.ann.fork("house", "lab")
    bench.ann.put("lab", {"b": note("1")})
    bench.ann.merge("lab", "house", close=False)
    assert bench.ann.merge("lab", "house", close=False) is None
    bench.ann.put("lab", {"b": note("2")})
    bench.ann.merge("lab", "house", close=False)
    assert names(bench.book.manifest("house")) == {"a": ["1"], "b": ["2"]}


def test_several_cubes_go_back_together(bench):
    for cube in ("house", "lab"):
        bench.ann.make(cube)
        bench.ann.put(cube, {"a": note("1")})
    bench.ann.snapshot("before", ["house", "lab"])
    bench.ann.put_all({"house": {"a": note("2")}, "lab": {"b": note("2")}})
    before = bench.store.position()
    bench.ann.restore("before")
    assert bench.store.position() == before + 1
    assert names(bench.book.manifest("house")) == {"a": ["1"]}
    assert names(bench.book.manifest("lab")) == {"a": ["1"]}


def test_a_revision_of_several_cubes_counts_whole_or_not_at_all(bench):
    bench.ann.make("house")
    bench.bob.make("lab")
    with pytest.raises(NotGranted, match="ann may not write the cube lab"):
        bench.ann.put_all({"house": {"a": note("2")}, "lab": {"b": note("2")}})
    assert bench.book.manifest("house") == {}


def test_rights(bench):
    bench.ann.make("house")
    bench.ann.put("house", {"a": note("1")})
    for forbidden in (
        lambda: bench.bob.read("house"),
        lambda: bench.bob.put("house", {"b": note("1")}),
        lambda: bench.bob.fork("house", "mine"),
        lambda: bench.bob.grant("house", "bob", "manage"),
        lambda: bench.bob.snapshot("s", ["house"]),
        lambda: bench.bob.forget("house"),
    ):
        with pytest.raises(NotGranted, match="bob may not"):
            forbidden()
    bench.ann.grant("house", "*", "read")
    assert names(bench.bob.read("house")) == {"a": ["1"]}
    with pytest.raises(NotGranted, match="may not write"):
        bench.bob.put("house", {"b": note("1")})
    bench.ann.grant("house", "bob", "write")
    bench.bob.put("house", {"b": note("1")})
    bench.ann.revoke("house", "bob", "write")
    with pytest.raises(NotGranted):
        bench.bob.put("house", {"c": note("1")})


def test_the_log_itself_refuses_what_is_smuggled_past_the_desk(bench):
    bench.ann.make("house")
    revision = bench.ann.put("house", {"a": note("1")})
    forged = revision.model_copy(update={"put": {"a": (note("forged"),)}, "parents": ()})
    for seq, (by, act) in enumerate(
        [("ann", Revised(revisions=(forged,))), ("bob", Staged(cube="house", stage="forgotten"))], 1
    ):
        bench.store.append([Event(origin="x", seq=seq, t=1.0, body=CubeChanged(by=by, change=act))])
    assert names(bench.book.manifest("house")) == {"a": ["1"]}
    assert [r.split(":")[0] for r in bench.book.refused] == [
        "ann revised at 1",
        "bob staged at 1",
    ]


def test_a_forgotten_cube_is_gone_with_the_blobs_that_only_it_had(bench):
    mine, _ = bench.blobs.put(b"mine")
    shared, _ = bench.blobs.put(b"shared")
    for cube, blobs in (("house", (mine, shared)), ("lab", (shared,))):
        bench.ann.make(cube)
        items = {b[:6]: AdapterItem(base=SHA, blob=b, size=1) for b in blobs}
        bench.ann.put(cube, items)
    assert bench.ann.forget("house") == (mine,)
    assert bench.blobs.names() == (shared,)
    assert bench.book.manifest("house") == {}
    with pytest.raises(CubeFault, match="forgotten"):
        bench.ann.stage("house", "active")


def test_entries_cool_down_and_warm_up_by_the_clock(bench):
    bench.ann.make("house")
    bench.ann.put("house", {"used": note("1"), "left": note("2")})
    hour = 3600.0
    bench.t = 7 * hour
    bench.store.append(
        [
            Event(
                origin="x",
                seq=1,
                t=bench.t,
                body=CubeChanged(by="ann", change=Touched(cube="house", entries=("used",))),
            )
        ]
    )
    assert bench.ann.demote() == {"house": {"left": "warm"}}
    assert text_of_tier(bench.book, "house", ("hot",), words) == "1\n"
    assert text_of_tier(bench.book, "house", ("warm",), words) == "2\n"
    bench.t = 40 * hour
    assert bench.ann.demote() == {"house": {"left": "archived", "used": "archived"}}
    bench.t += 1.0
    bench.ann.read("house")
    assert bench.ann.demote() == {"house": {"left": "hot", "used": "hot"}}
    bench.t += 60 * 86400.0
    bench.ann.demote()
    assert bench.book.cubes["house"].stage == "archived"


@given(st.floats(0, 10), st.sampled_from(["hot", "warm", "archived"]))
def test_tiers_do_not_flutter(heat, tier):
    policy = Demotion()
    once = tier_of(heat, tier, policy)
    assert tier_of(heat, once, policy) == once
    assert Heat(1.0, 0.0).at(policy.half_life_s, policy.half_life_s) == 0.5


def test_a_prefix_cache_fits_one_model_text_and_type_only(bench):
    engine = Engine(model="1" * 64, tokenizer="2" * 64, dtype="f16")
    bench.ann.make("house")
    bench.ann.put("house", {"a": note("the cups are in the cupboard")})
    bench.t = 7 * 3600.0
    bench.ann.demote()
    wanted = wanted_prefix(bench.book, "house", engine, words)
    assert wanted.text == "the cups are in the cupboard\n"
    assert wanted.cached is None
    item = cached_item(wanted, engine, b"numbers", 7, bench.blobs)
    bench.ann.put("house", {wanted.entry: item})
    found = wanted_prefix(bench.book, "house", engine, words)
    assert found.cached == item
    assert bench.blobs.get(found.cached.blob) == b"numbers"
    other = engine.model_copy(update={"dtype": "q8"})
    assert wanted_prefix(bench.book, "house", other, words).cached is None
    bench.ann.put("house", {"a": note("elsewhere")})
    moved = wanted_prefix(bench.book, "house", engine, words)
    assert moved.cached is None
    assert stale_prefixes(bench.book, "house", moved.prompt) == (wanted.entry,)


def test_a_blob_must_be_there_before_its_item(bench):
    bench.ann.make("house")
    with pytest.raises(BlobDamaged, match="missing"):
        bench.ann.put("house", {"a": AdapterItem(base=SHA, blob=SHA, size=1)})


# -- Two hosts -------------------------------------------------------------------------------


def test_cubes_revised_apart_have_two_heads_and_are_united_alike(tmp_path):
    north = Bench(tmp_path, "north", "cubes@north")
    south = Bench(tmp_path, "south", "cubes@south")
    north.ann.make("house")
    north.ann.put("house", {"a": note("1")})
    n, s = SqliteReplica(north.store), SqliteReplica(south.store)
    pull(s, n, "north")
    north.t = south.t = 1.0
    north.ann.put("house", {"a": note("north")})
    south.ann.put("house", {"a": note("south"), "b": note("b")})
    pull(n, s, "south")
    pull(s, n, "north")
    assert merged_state(n).digest() == merged_state(s).digest()
    assert len(merged_state(n).projections.cubes.cubes["house"].heads) == 2
    north.ann.unite("house")
    pull(s, n, "north")
    book = merged_state(s).projections.cubes
    assert names(book.manifest("house")) == {"a": ["north", "south"], "b": ["b"]}
    assert len(book.cubes["house"].heads) == 1
    for bench in (north, south):
        bench.store.close()


# -- Safetensors -----------------------------------------------------------------------------
