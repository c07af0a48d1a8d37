"""Memories that several tests look into: of a home with people in it, and of somebody's cubes."""

import pytest

from devices.facts import At, ClassCard, Selector, Told
from stem_memory.contracts import Asserted, GoalPosted, GoalUnderstood, GraphPlanned, Spoken
from stem_memory.cubes.blobs import BlobStore
from stem_memory.cubes.desk import Cubes
from stem_memory.log.store import EventStore
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.tasks import Goal, TaskStep
from stem_memory.testing import body, events_of, observed, sighting, start_of, thing


def no_time():
    return 0


def household():
    """Ann and Bob at home: seen, heard, spoken to, wished for, planned for."""
    goal = Goal(id="g1", text="bring Annabel her pills", who="ann", t=3.0)
    give = TaskStep(
        id="s1",
        skill="hand_over",
        args={"object": "pills-1", "to": "ann"},
        title="give pills 1 to ann",
    )
    person = sighting("ann", "person at hall", 6.0, 2.0)
    start = start_of(
        classes=[ClassCard(cls="mug", parents=("cup",))],
        things=[
            *memory_things("mug-1", "mug on table-1"),
            *memory_things("pills-1", "pills on shelf-1"),
            *memory_things("ann", "person at hall", names=("Annabel",)),
            *memory_things("bob", "person at kitchen"),
        ],
        bodies=[body("waiter-1", 5, 1)],
        states={"ann": {"asleep": False}},
    )
    return events_of(
        [
            *start,
            observed("waiter-1", 1.0, person, sighting("mug-1", "mug on table-1", 6, 2)),
            observed("waiter-1", 2.0, heard=[("ann", "my knee hurts"), ("bob", "tea please")]),
            (3.0, GoalPosted(goal=goal)),
            GoalUnderstood(
                goal="g1",
                conditions=(
                    At(what=Selector(ids=("pills-1",)), where="ann", relation="held"),
                    Told(who="ann", message="your pills, Annabel"),
                ),
                summary="Annabel holds the pills",
            ),
            GraphPlanned(goal="g1", revision=1, steps=(give,)),
            (4.0, Spoken(body="waiter-1", to="ann", text="your pills, Annabel")),
            (5.0, observed("waiter-1", 5.0, sighting("pills-1", "pills held by ann", 6, 2))),
            (6.0, Asserted(thing="ann", attr="asleep", value=True, from_s=6.0, by="bob")),
        ]
    )


def memory_things(id_, text, names=()):
    return [thing(id_, text).model_copy(update={"names": names})]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory.db"


@pytest.fixture
def vault(path):
    return Vault(Keyring.beside(path))


@pytest.fixture
def full(path, vault):
    with EventStore.writer(path, no_time, vault) as store:
        store.append(household())
    return path


class Bench:
    """A memory with a clock, and a desk for anybody at it."""

    def __init__(self, folder, name="memory", origin="cubes"):
        self.path = folder / f"{name}.db"
        self.store = EventStore.writer(self.path, lambda: 0)
        self.blobs = BlobStore.beside(self.path)
        self.origin = origin
        self.t = 0.0
        self.ann = self.desk("ann")
        self.bob = self.desk("bob")

    def desk(self, who):
        return Cubes(self.store, self.blobs, who, lambda: self.t, self.origin)

    @property
    def book(self):
        return self.store.state.projections.cubes


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.store.close()
