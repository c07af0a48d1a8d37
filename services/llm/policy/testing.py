"""What every policy must do, tried by an engine that does anything it may do (needs `hypothesis`)."""

from __future__ import annotations

from unittest import TestCase

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.llm.policy.contracts import Outcome, Turn, Wait
from services.llm.policy.named import build


def engine_drives(*policies: str) -> type[TestCase]:
    """Tests of the policies of these names, to be called `Test...` in a file of tests.

    Pins are always exactly what the engine holds for programs that are known, away and not aborted; a policy
    that is asked for memory gives enough, or all it has; pins expire on time.
    """

    class EngineDrives(RuleBasedStateMachine):
        """An engine with 200 blocks that does anything it may do, against every named policy."""

        @initialize(name=st.sampled_from(policies))
        def begin(self, name: str) -> None:
            self.policy = build(name, _reload_s)
            self.now = 0.0
            self.number = 0
            self.waiting: list[Turn] = []
            self.running: dict[str, Turn] = {}
            self.held: dict[str, int] = {}

        @rule(seconds=st.floats(0.0, 500.0))
        def time_passes(self, seconds: float) -> None:
            self.now += seconds
            for pin in self.policy.expired(self.now):
                del self.held[pin.program]
            assert self.policy.next_expiry() > self.now

        @rule(program=st.sampled_from("abcdef"), tokens=st.integers(1, 1600))
        def turn_arrives(self, program: str, tokens: int) -> None:
            self.number += 1
            new = Turn(program, f"{program}/{self.number}", self.now, tokens)
            self.policy.arrived(new, self.now)
            self.waiting.append(new)

        @precondition(lambda self: self.waiting)
        @rule(cached=st.booleans())
        def best_turn_starts(self, cached: bool) -> None:
            best = min(self.waiting, key=lambda t: self.policy.rank(t, self.now))
            self.waiting.remove(best)
            pin = self.policy.started(best, self.now, best.prompt_tokens if cached else 0)
            assert (pin is not None) == (best.program in self.held)
            self.held.pop(best.program, None)
            self.running[best.turn_id] = best

        @rule(
            program=st.sampled_from("abcdef"),
            expected=st.none() | st.floats(0.1, 100.0),
            blocks=st.integers(0, 9),
        )
        def wait_is_told(self, program: str, expected: float | None, blocks: int) -> None:
            before = self.policy.programs.get(program)
            if before is None or before.idle_since_s is None:
                assert self.policy.announced(program, Wait("walk"), self.now, blocks) is None
                return
            self.held.pop(program, None)
            wait = Wait("walk", "arm", expected, self.now + 5.0)
            pin = self.policy.announced(program, wait, self.now, blocks)
            if pin is not None:
                self.held[program] = blocks

        @precondition(lambda self: self.running)
        @rule(data=st.data(), last=st.booleans(), expected=st.none() | st.floats(0.1, 100.0))
        def turn_ends(self, data: st.DataObject, last: bool, expected: float | None) -> None:
            key = data.draw(st.sampled_from(sorted(self.running)))
            done = self.running.pop(key)
            wait = None if last else Wait("grasp", "arm", expected, self.now + 5.0)
            blocks = done.prompt_tokens // 16 + 1
            pin = self.policy.finished(done, self.now, Outcome(blocks * 16, blocks, 5, 0.1, wait))
            if last:
                self.held.pop(done.program, None)
            if pin is not None:
                self.held[pin.program] = pin.blocks

        @precondition(lambda self: self.running)
        @rule(data=st.data())
        def turn_is_preempted(self, data: st.DataObject) -> None:
            key = data.draw(st.sampled_from(sorted(self.running)))
            back = self.running.pop(key)
            self.policy.preempted(back, self.now)
            self.waiting.append(back)

        @rule(blocks=st.integers(1, 300), starved=st.booleans())
        def memory_is_short(self, blocks: int, starved: bool) -> None:
            before = sum(self.held.values())
            names = self.policy.victims(blocks, self.now, starved=starved)
            assert len(set(names)) == len(names)
            assert sum(self.held[name] for name in names) >= min(blocks, before)
            for name in names:
                self.policy.broken(name, self.now)
                del self.held[name]

        @rule(program=st.sampled_from("abcdef"))
        def program_aborts(self, program: str) -> None:
            self.policy.aborted(program, self.now)
            self.held.pop(program, None)
            self.waiting = [t for t in self.waiting if t.program != program]
            self.running = {k: t for k, t in self.running.items() if t.program != program}
            assert self.policy.pin_of(program) is None

        @rule()
        def cache_is_reset(self) -> None:
            self.policy.reset()
            self.held.clear()

        @invariant()
        def pins_are_what_the_engine_holds(self) -> None:
            if not hasattr(self, "policy"):
                return
            pins = {pin.program: pin.blocks for pin in self.policy.pins()}
            assert pins == self.held
            assert self.policy.pinned_blocks == sum(pins.values())
            for name in pins:
                assert name in self.policy.programs
                assert self.policy.programs[name].turns > 0

    found: type[TestCase] = EngineDrives.TestCase
    found.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)  # type: ignore[attr-defined]
    return found


def _reload_s(tokens: int) -> float:
    return 1e-4 * tokens + 1e-9 * tokens**2
