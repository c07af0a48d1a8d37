"""Blobs, adapters and exported files: kept once, checked, moved; cubes against a plain model."""

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stem_memory.contracts import Event, Spoken
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.bundle import export_memory, import_memory, read_manifest
from stem_memory.cubes.contracts import (
    AdapterItem,
    EventItem,
    FactItem,
    NoteItem,
)
from stem_memory.cubes.errors import (
    BlobDamaged,
    BundleUnreadable,
    CubeFault,
    NotGranted,
    NotSafetensors,
)
from stem_memory.cubes.safetensors import check_safetensors
from tests.stem_memory.conftest import Bench

SHA = "a" * 64


def note(text):
    return NoteItem(note=text)


def names(manifest):
    return {entry: sorted(i.note for i in items) for entry, items in manifest.items()}


def tensors(path, header, data):
    raw = json.dumps(header).encode() if isinstance(header, dict) else header
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + data)
    return path


SOUND = {
    "__metadata__": {"format": "pt"},
    "down": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]},
    "up": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]},
}
BYTE = '{"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}'


def test_a_sound_adapter_goes_in(bench, tmp_path):
    path = tensors(tmp_path / "a.safetensors", SOUND, bytes(16))
    found = check_safetensors(path)
    assert [(t.name, t.shape) for t in found.tensors] == [("down", (2, 3)), ("up", (1,))]
    bench.ann.make("house")
    item = bench.ann.add_adapter("house", "grasp", path, SHA)
    assert bench.blobs.get(item.blob) == path.read_bytes()


@pytest.mark.parametrize("dtype", ["F8_E4M3", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0"])
def test_numbers_of_eight_bits_are_read_whatever_their_form(tmp_path, dtype):
    header = {"a": {"dtype": dtype, "shape": [3], "data_offsets": [0, 3]}}
    (found,) = check_safetensors(tensors(tmp_path / "a.safetensors", header, bytes(3))).tensors
    assert found.dtype == dtype


def test_files_of_the_reference_implementation_are_read(tmp_path):
    numpy = pytest.importorskip("numpy")
    reference = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    path = tmp_path / "a.safetensors"
    reference.save_file(
        {"x": numpy.ones((3, 4), dtype="float32"), "y": numpy.ones(2, dtype="int8")}, path
    )
    assert {t.name: t.shape for t in check_safetensors(path).tensors} == {"x": (3, 4), "y": (2,)}


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}, bytes(3)),
        ({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}, bytes(5)),
        ({"a": {"dtype": "F16", "shape": [3], "data_offsets": [0, 4]}}, bytes(4)),
        ({"a": {"dtype": "object", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
        ({"a": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}}, bytes(4)),
        ({"a": {"dtype": "U8", "shape": [-1], "data_offsets": [0, -1]}}, b""),
        ({"a": {"dtype": "U8", "shape": [True], "data_offsets": [0, 1]}}, bytes(1)),
        ({"a": 1}, b""),
        ({"__metadata__": {"a": 1}}, b""),
        (b'{"a": {}, "a": {}}', b""),
        (f'{{"a": {BYTE}, "a": {BYTE}}}'.encode(), bytes(1)),
        (f' {{"a": {BYTE}}}'.encode(), bytes(1)),
        (b"[]", b""),
        (b"{" * 9, b""),
    ],
)
def test_an_unsound_adapter_is_refused(tmp_path, header, data):
    with pytest.raises(NotSafetensors, match="name another file"):
        check_safetensors(tensors(tmp_path / "a.safetensors", header, data))


def test_a_pickle_is_never_read(tmp_path):
    import pickle

    path = tmp_path / "adapter.bin"
    path.write_bytes(pickle.dumps({"weight": [1.0]}))
    with pytest.raises(NotSafetensors):
        check_safetensors(path)


@given(st.binary(max_size=200))
def test_any_bytes_give_an_answer_or_a_sentence(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(data)
        try:
            found = check_safetensors(path)
        except NotSafetensors as error:
            found, sentence = None, str(error)
        assert "\n" not in sentence if found is None else found.size == len(data)


# -- Blobs -----------------------------------------------------------------------------------


def test_blobs_are_kept_once_and_checked_when_read(tmp_path):
    blobs = BlobStore(tmp_path / "blobs")
    name, size = blobs.put(b"hello")
    assert blobs.put([b"he", b"llo"]) == (name, size) == (name, 5)
    assert blobs.names() == (name,)
    (blobs.folder / name[:2] / name).write_bytes(b"hullo")
    with pytest.raises(BlobDamaged, match="damaged"):
        blobs.get(name)
    assert blobs.collect(set()) == (name,)
    with pytest.raises(BlobDamaged, match="missing"):
        blobs.get(name)


PUTTER = """
import os, sys
from pathlib import Path
from stem_memory.cubes.blobs import BlobStore
blobs = BlobStore(Path(sys.argv[1]))
for i in range(10**6):
    name, _ = blobs.put(f"{sys.argv[2]}/{i}".encode() * 3000)
    os.write(1, name.encode() + b"\\n")
"""


@pytest.mark.parametrize("trials", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_putters_lose_no_acknowledged_blob(tmp_path, trials):
    blobs = BlobStore(tmp_path / "blobs")
    told = set()
    for trial in range(trials):
        process = subprocess.Popen(
            [sys.executable, "-c", PUTTER, str(blobs.folder), str(trial)],
            stdout=subprocess.PIPE,
        )
        told.update(process.stdout.readline().strip().decode() for _ in range(1 + trial % 7))
        os.kill(process.pid, signal.SIGKILL)
        told.update(line.decode() for line in process.stdout.read().split() if len(line) == 64)
        process.stdout.close()
        process.wait()
    for name in blobs.names():
        blobs.get(name)
    assert told <= set(blobs.names())
    blobs.collect(blobs.names())
    assert list(blobs.folder.glob("draft-*")) == []


# -- Export and import -----------------------------------------------------------------------


@pytest.fixture
def exported(bench, tmp_path):
    spoken = Event(
        origin="w", seq=1, t=3.0, body=Spoken(body="waiter-1", to="ann", text="it is in the sink")
    )
    other = spoken.model_copy(update={"seq": 2})
    bench.store.append([spoken, other])
    blob, size = bench.blobs.put(b"numbers" * 1000)
    bench.ann.make("house", title="The house")
    bench.ann.put(
        "house",
        {
            "said": EventItem(origin="w", seq=1),
            "fact": FactItem(thing="mug", attr="clean", origin="w", seq=1),
            "grasp": AdapterItem(base=SHA, blob=blob, size=size),
        },
    )
    bench.ann.fork("house", "lab")
    bench.bob.make("secret")
    return bench, tmp_path / "house.retinue"


def test_a_memory_moves_in_one_file(exported, tmp_path):
    bench, file = exported
    manifest = export_memory(bench.store, bench.blobs, file)
    assert manifest == read_manifest(file)
    there = Bench(tmp_path, "there")
    assert import_memory(there.store, there.blobs, file).new_events == bench.store.position()
    assert there.store.state.digest() == bench.store.state.digest()
    assert there.blobs.names() == bench.blobs.names()
    again = import_memory(there.store, there.blobs, file)
    assert (again.new_events, again.new_blobs) == (0, 0)
    there.store.close()


def test_the_same_memory_makes_the_same_file(exported, tmp_path):
    bench, file = exported
    export_memory(bench.store, bench.blobs, file)
    export_memory(bench.store, bench.blobs, tmp_path / "again")
    assert file.read_bytes() == (tmp_path / "again").read_bytes()


def test_a_cube_takes_along_what_it_refers_to_and_nothing_else(exported, tmp_path):
    bench, file = exported
    export_memory(bench.store, bench.blobs, file, ["lab"], who="ann")
    there = Bench(tmp_path, "there")
    import_memory(there.store, there.blobs, file)
    book = there.book
    assert sorted(book.cubes) == ["house", "lab"]
    assert book.manifest("lab") == bench.book.manifest("lab")
    assert there.store.last_seq("w") == 1
    there.store.close()
    with pytest.raises(NotGranted, match="ann may not read the cube secret"):
        export_memory(bench.store, bench.blobs, tmp_path / "x", ["secret"], who="ann")
    with pytest.raises(CubeFault, match="exists already"):
        export_memory(bench.store, bench.blobs, file)


def test_a_damaged_file_is_one_sentence_and_changes_nothing(exported, tmp_path):
    bench, file = exported
    export_memory(bench.store, bench.blobs, file)
    whole = file.read_bytes()
    there = Bench(tmp_path, "there")
    bad = tmp_path / "bad"
    harmless = 0
    step = max(1, len(whole) // 150)
    damages = [whole[:cut] for cut in range(0, len(whole), step)]
    damages += [
        whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        for at in range(0, len(whole), step)
    ]
    for damage in damages:
        bad.write_bytes(damage)
        try:
            import_memory(there.store, there.blobs, bad)
        except BundleUnreadable as error:
            sentence = str(error)
        else:
            sentence = ""
        if sentence:
            assert "\n" not in sentence
            assert there.store.position() == 0
        else:
            # A flipped bit that carries no meaning, such as a date in the archive's directory.
            assert there.store.state.digest() == bench.store.state.digest()
            harmless += 1
            there.store.close()
            for left in tmp_path.glob("there.db*"):
                if left.is_file():
                    left.unlink()
            there = Bench(tmp_path, "there")
    assert harmless < len(damages) // 10
    there.store.close()


def test_a_foreign_file_is_one_sentence(bench, tmp_path):
    file = tmp_path / "x"
    for make in (
        lambda: file.write_text("Dear diary", encoding="utf-8"),
        lambda: zipfile.ZipFile(file, "w").close(),
        lambda: zipfile.ZipFile(file, "w").writestr("manifest.json", "{}"),
        lambda: bench.path.exists() and file.write_bytes(bench.path.read_bytes()),
    ):
        made = make()
        del made
        with pytest.raises(BundleUnreadable, match="can not be read as an exported memory"):
            read_manifest(file)
    with pytest.raises(BundleUnreadable):
        read_manifest(tmp_path / "nowhere")


# -- Against a plain model -------------------------------------------------------------------

ENTRIES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["1", "2", "3"])
CUBES = st.sampled_from(["p", "q", "r"])


class Plain:
    """Cubes as dictionaries of sets, with every state ever kept and a brute-force common past."""

    def __init__(self):
        self.head, self.states, self.parents = {}, [{}], [()]

    def commit(self, cube, state, parents):
        self.states.append(state)
        self.parents.append(parents)
        self.head[cube] = len(self.states) - 1

    def past(self, node):
        return {node}.union(*(self.past(p) for p in self.parents[node]))

    def bases(self, a, b):
        common = self.past(a) & self.past(b)
        older = set().union(*(self.past(n) - {n} for n in common)) if common else set()
        return common - older


class CubeMachine(RuleBasedStateMachine):
    """The cubes of one memory against the plain model, through restarts."""

    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        self.bench = Bench(Path(self.folder.name))
        self.plain = Plain()
        self.snapshots = {}

    def teardown(self):
        if hasattr(self, "bench"):
            self.bench.store.close()
            self.folder.cleanup()

    def known(self, cube):
        return cube in self.plain.head

    @rule(cube=CUBES)
    def make(self, cube):
        if self.known(cube):
            with pytest.raises(CubeFault, match="exists"):
                self.bench.ann.make(cube)
        else:
            self.bench.ann.make(cube)
            self.plain.head[cube] = 0

    @rule(cube=CUBES, entry=ENTRIES, value=VALUES)
    def put(self, cube, entry, value):
        if self.known(cube):
            self.bench.t += 1.0
            self.bench.ann.put(cube, {entry: note(value)})
            old = self.plain.head[cube]
            self.plain.commit(cube, self.plain.states[old] | {entry: {value}}, (old,))

    @rule(cube=CUBES, entry=ENTRIES)
    def drop(self, cube, entry):
        if self.known(cube):
            self.bench.t += 1.0
            self.bench.ann.put(cube, {}, drop=[entry])
            old = self.plain.head[cube]
            state = {e: v for e, v in self.plain.states[old].items() if e != entry}
            self.plain.commit(cube, state, (old,))

    @rule(cube=CUBES, new=CUBES)
    def fork(self, cube, new):
        if self.known(cube) and not self.known(new):
            self.bench.ann.fork(cube, new)
            self.plain.head[new] = self.plain.head[cube]

    @precondition(lambda self: len(self.plain.head) > 1)
    @rule(source=CUBES, into=CUBES)
    def merge(self, source, into):
        if source == into or not (self.known(source) and self.known(into)):
            return
        self.bench.t += 1.0
        ours, theirs = self.plain.head[into], self.plain.head[source]
        merged = self.bench.ann.merge(source, into, close=False)
        if theirs in self.plain.past(ours):
            assert merged is None
            return
        bases = self.plain.bases(ours, theirs)
        here, there = self.plain.states[ours], self.plain.states[theirs]
        held = {e: set(v) for e, v in names(self.bench.book.manifest(into)).items()}
        if len(bases) == 1:
            was = self.plain.states[bases.pop()]
            wanted = {}
            for e in here.keys() | there.keys():
                h, t, w = here.get(e), there.get(e), was.get(e)
                both = (h or set()) | (t or set())
                wanted[e] = h if h == t or t == w else t if h == w else both
            assert held == {e: v for e, v in wanted.items() if v is not None}
        else:
            for e in here.keys() & there.keys():
                assert held[e] <= here[e] | there[e]
                assert here[e] != there[e] or held[e] == here[e]
        self.plain.commit(into, held, (ours, theirs) if ours else (theirs,))

    @rule(name=st.sampled_from(["s1", "s2"]))
    def snapshot(self, name):
        if name not in self.snapshots and self.plain.head:
            self.bench.ann.snapshot(name, sorted(self.plain.head))
            self.snapshots[name] = {c: h for c, h in self.plain.head.items() if h}

    @rule(name=st.sampled_from(["s1", "s2"]))
    def restore(self, name):
        if name in self.snapshots:
            self.bench.t += 1.0
            self.bench.ann.restore(name)
            for cube, then in self.snapshots[name].items():
                old = self.plain.head[cube]
                if self.plain.states[old] != self.plain.states[then]:
                    self.plain.commit(cube, self.plain.states[then], (old,))

    @rule()
    def restart(self):
        self.bench.store.close()
        t = self.bench.t
        self.bench = Bench(Path(self.folder.name))
        self.bench.t = t

    @invariant()
    def equal(self):
        if not hasattr(self, "bench"):
            return
        for cube, head in self.plain.head.items():
            held = {e: set(v) for e, v in names(self.bench.book.manifest(cube)).items()}
            assert held == self.plain.states[head]
        assert self.bench.book.refused == []


TestCubes = CubeMachine.TestCase
TestCubes.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
