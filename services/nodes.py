"""The objects that become actors: world, bodies, memory, brain. Plain classes, made by factories.

Each factory takes plain data only, so that it can run in another process on another machine.
"""

from __future__ import annotations

from pathlib import Path

from brain.config import BrainConfig
from brain.contracts import BrainStep, News
from brain.mind import Brain
from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import BodyInput, BodyOutput
from cerebellum.runner import Runner
from devices.contracts import BodyCard
from devices.site import SitePlan
from services.contracts import LlmUse
from services.minds import make_interpreter
from sim_worlds.contracts import Fault, Scenario
from sim_worlds.engine import SimWorld
from stem_memory.contracts import Event
from stem_memory.notes.contracts import NoteProposed
from stem_memory.notes.overview import fresh_lessons
from stem_memory.privacy.erase import expire
from stem_memory.privacy.keys import Keyring
from stem_memory.privacy.vault import Vault
from stem_memory.privacy.zones import allowed
from stem_memory.state import MemoryState
from stem_memory.store import EventStore


def make_world(
    scenario: Scenario, seed: int, bodies: int | None, faults: tuple[Fault, ...]
) -> SimWorld:
    """A simulated world, not yet reset."""
    return SimWorld(scenario, seed, bodies=bodies, faults=faults)


class BodyNode:
    """The cerebellum of one body: its runner with the skills that are installed here."""

    def __init__(self, body: str, card: BodyCard, plan: SitePlan) -> None:
        self._runner = Runner(card, plan, skill_kinds())
        self._body = body

    def step(self, news: BodyInput) -> BodyOutput:
        """Pass news to the runner."""
        return self._runner.step(news)

    def close(self) -> None:
        """Nothing is held."""


class MemoryNode:
    """The one writer of the log. An append returns only after a durable commit.

    What is personal lies in the log sealed, with keys in a file beside it (`stem_memory.privacy`).
    """

    def __init__(self, path: str) -> None:
        self._now_ms = 0
        self._path = Path(path)
        self._store = self._open()

    def admit(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """The events as they may be recorded: without what no-record zones hide."""
        memory = self._store.state if self._store.position() else MemoryState()
        kept: list[Event] = []
        for event in events:
            kept.append(allowed(event, memory.annexes.privacy, memory))
            if not self._store.position():
                # The first events bring the rules and the floor plan themselves.
                memory.apply(kept[-1])
        return tuple(kept)

    def append(self, events: tuple[Event, ...], now_ms: int) -> int:
        """Commit the events at this time (milliseconds); returns the position of the last one."""
        self._now_ms = now_ms
        self._store.append(events)
        return self._store.position()

    def digest(self) -> tuple[int, str]:
        """Number of events, and the state's hash after replaying the file from its start."""
        return self._store.position(), self._store.replay().digest()

    def replay(self) -> tuple[Event, ...]:
        """The whole log, to restore a brain."""
        self._store.require_whole()
        return tuple(entry.event for entry in self._store.read())

    def lessons(self) -> tuple[NoteProposed, ...]:
        """What the failures of the run so far teach, unless it is known already."""
        return fresh_lessons(self._store)

    def expire(self, now_s: float) -> int:
        """Destroy the keys of reports that were to be kept no longer; how many reports that was."""
        if not self._store.state.annexes.privacy.retention:
            return 0
        self._now_ms = round(now_s * 1000)
        self._store.close()
        gone = expire(self._path, Vault(Keyring.beside(self._path)), now_s, lambda: self._now_ms)
        self._store = self._open()
        return gone.sealed_events

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _open(self) -> EventStore:
        vault = Vault(Keyring.beside(self._path))
        return EventStore.writer(self._path, lambda: self._now_ms, vault)


class BrainNode:
    """The brain with its way of understanding people."""

    def __init__(self, config: BrainConfig, model: str) -> None:
        self._understanding = make_interpreter(model)
        self._brain = Brain(config, self._understanding.interpreter)

    def step(self, news: News) -> BrainStep:
        """Pass news to the brain."""
        answer = self._brain.step(news)
        self._understanding.follow(news.now, (*news.events, *answer.events))
        return answer

    def restore(self, events: tuple[Event, ...]) -> None:
        """Rebuild the brain from the log."""
        self._brain.restore(events)

    def digest(self) -> str:
        """The hash of the brain's own memory."""
        return self._brain.digest()

    def llm_use(self) -> LlmUse:
        """What the language model cost so far."""
        return self._understanding.use()

    def close(self) -> None:
        """Stop the embedded model server, if one runs."""
        self._understanding.close()
