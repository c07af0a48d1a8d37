"""The whole store against a plain model, whatever happens to it on the way.

Reports in any order of arrival, statements about the past and their withdrawal, reopening,
snapshots, tables written anew, compaction and its undoing: at the end every question is asked at
every (valid time, position of the log).
"""

import tempfile
from pathlib import Path

from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Asserted
from stem_memory.log.compaction import compact, restore
from stem_memory.log.horizon import horizon
from stem_memory.log.store import EventStore
from stem_memory.statements import retract
from stem_memory.testing import body, events_of, observed, sighting, start_of

END = 30
THINGS = ["mug-1", "mug-2"]
HOLDERS = ["table-1", "table-2", "counter-1"]
START = start_of(
    things={"mug-1": "mug on table-1", "mug-2": "mug on table-2"},
    bodies=[body("waiter-1", 5, 1), body("waiter-2", 5, 2)],
)
TIMES = st.integers(1, END - 4)


class Line:
    """What one attribute of one thing was at each second; None: nothing is known."""

    def __init__(self, first=None):
        self.values = [first] * END
        self.evidence = set() if first is None else {0}
        self.edges = set()

    def see(self, t, value):
        newest = t >= max(self.evidence, default=0)
        later = [at for at in self.evidence | self.edges if at > t]
        end = END if newest else min([*later, END])
        self.values[t:end] = [value] * (end - t)
        if newest:
            self.edges = {at for at in self.edges if at <= t}
        self.evidence.add(t)

    def state(self, value, since, until):
        end = END if until is None else until
        self.values[since:end] = [value] * (end - since)
        self.edges = {at for at in self.edges if not since < at < end} | {since}
        if until is None:
            self.evidence.add(END)
        else:
            self.edges.add(until)


class MemoryMachine(RuleBasedStateMachine):
    @initialize()
    def start(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "memory.db"
        self.store = EventStore.writer(self.path, lambda: 0)
        self.events = []
        self.known = {}
        self.used = set()
        self.archives = []
        self.lines = {}
        for thing, holder in zip(THINGS, HOLDERS, strict=False):
            self.lines[thing, "location"] = Line(holder)
            self.lines[thing, "clean"] = Line()
        self.add(*START)

    def add(self, *payloads):
        events = events_of(payloads, first=len(self.events) + 1)
        self.store.append(events)
        self.events.extend(events)
        self.known[self.store.position()] = {k: list(v.values) for k, v in self.lines.items()}

    @rule(
        thing=st.sampled_from(THINGS),
        holder=st.sampled_from(HOLDERS),
        t=TIMES,
        clean=st.none() | st.booleans(),
        who=st.integers(1, 2),
        late=st.booleans(),
    )
    def sees(self, thing, holder, t, clean, who, late):
        assume((thing, t) not in self.used)
        self.used.add((thing, t))
        states = {} if clean is None else {"clean": clean}
        seen = observed(f"waiter-{who}", float(t), sighting(thing, f"mug on {holder}", **states))
        self.lines[thing, "location"].see(t, holder)
        if clean is not None:
            self.lines[thing, "clean"].see(t, clean)
        self.add((END - 3.0 if late else float(t), seen))

    @rule(
        thing=st.sampled_from(THINGS),
        value=st.sampled_from([*HOLDERS, True, False]),
        since=TIMES,
        length=st.none() | st.integers(1, 8),
    )
    def somebody_says(self, thing, value, since, length):
        attr = "clean" if isinstance(value, bool) else "location"
        until = None if length is None else min(since + length, END - 3)
        assume(until is None or until > since)
        self.lines[thing, attr].state(value, since, until)
        said = Asserted(thing=thing, attr=attr, value=value, from_s=since, to_s=until, by="ann")
        self.add((END - 0.5, said))

    @rule(
        thing=st.sampled_from(THINGS),
        attr=st.sampled_from(["location", "clean"]),
        since=TIMES,
        length=st.integers(1, 8),
    )
    def somebody_takes_it_back(self, thing, attr, since, length):
        until = min(since + length, END - 3)
        assume(until > since)
        self.lines[thing, attr].state(None, since, until)
        self.add((END - 0.5, retract(thing, attr, "ann", since, until)))

    @rule(share=st.floats(0.0, 1.0))
    def is_compacted(self, share):
        start = horizon(self.store.connection)
        position = start + max(1, round(share * (self.store.position() - start)))
        assume(position <= self.store.position())
        self.archives.append(Path(self.folder.name) / f"{position}.gz")
        compact(self.store, position, self.archives[-1])

    @rule()
    def gets_an_archive_back(self):
        assume(self.archives)
        archive = self.archives.pop()
        restore(self.store, archive)
        archive.unlink()
        self.reopens()

    @rule()
    def reopens(self):
        self.store.close()
        self.store = EventStore.writer(self.path, lambda: 0)

    @rule()
    def takes_a_snapshot(self):
        assert self.store.snapshot()

    @rule()
    def writes_the_tables_anew(self):
        self.store.forget_derived()
        self.reopens()

    def teardown(self):
        if not hasattr(self, "store"):
            return
        try:
            self.check()
        finally:
            self.store.close()
            self.folder.cleanup()

    def check(self):
        facts = self.store.facts
        oldest = horizon(self.store.connection)
        self.known = {p: lines for p, lines in self.known.items() if p >= oldest}
        for position, lines in self.known.items():
            for t in range(END):
                now = {key: values[t] for key, values in lines.items() if values[t] is not None}
                world = {(f.thing, f.attr): f.value for f in facts.world_at(t, position)}
                told = {k: v for k, v in world.items() if k[0] in THINGS and v is not None}
                assert told == now
                for (thing, attr), value in now.items():
                    assert facts.value_at(thing, attr, t, position).value == value
            for holder in HOLDERS:
                there = [x for x in THINGS if lines[x, "location"][END - 1] == holder]
                assert list(facts.contents_at(holder, END - 1.0, position)) == there
            assert (
                self.store.state_at(position).digest()
                == MemoryState.of(self.events[:position]).digest()
            )
        if not self.known:
            return
        first, last = min(self.known), max(self.known)
        for before, after in ((0, END - 1), (5, 9)):
            told = facts.difference((before, first), (after, last))
            changed = {
                key
                for key in self.lines
                if self.known[first][key][before] != self.known[last][key][after]
            }
            assert {(d.thing, d.attr) for d in told if d.thing in THINGS} == changed
        assert self.store.replay().digest() == self.store.state.digest()
        assert self.store.verify().events == len(self.events)


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=30, stateful_step_count=14, deadline=None)
