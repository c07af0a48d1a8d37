"""The slot board under any sequence of arrivals, ends, aborts and crashes."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.llm.cluster.slots import SlotBoard
from services.llm.policy import named
from services.llm.policy.contracts import Outcome, Turn, Wait

PROGRAMS = [f"p{i}" for i in range(6)]


def board(slots=2, owned=True, file_bytes=0, policy="ttl-3600s"):
    reload_s = lambda tokens: 0.01 * tokens  # noqa: E731 - a law in one line
    return SlotBoard(named.build(policy, reload_s), slots, owned, file_bytes)


def turn(program, number, now, tokens=100):
    return Turn(program, f"{program}/{number}", now, tokens)


def ended(tokens=120, last=False):
    return Outcome(tokens, 1, 20, 1.0, None if last else Wait("navigate", "robot", 5.0))


def run(board, program, number, now, last=False):
    made = turn(program, number, now)
    board.arrived(made, now)
    (admission,) = board.admit(now)
    board.finished(made, now + 1, ended(last=last), last)
    return admission


def test_a_program_comes_back_to_its_own_slot():
    slots = board()
    first = run(slots, "a", 1, 0.0)
    run(slots, "b", 1, 2.0)
    again = run(slots, "a", 2, 5.0)
    assert again.slot == first.slot
    assert again.cached_tokens == 100
    assert again.put_away is None


def test_a_newcomer_takes_a_free_slot_before_it_breaks_a_pin():
    slots = board(slots=3)
    run(slots, "a", 1, 0.0)
    run(slots, "b", 1, 2.0)
    assert run(slots, "c", 1, 4.0).slot not in {
        slots.slot_of("a").index,
        slots.slot_of("b").index,
    }
    assert len(slots.policy.pins()) == 3


def test_when_all_is_pinned_somebody_gives_way_and_its_kv_is_put_away():
    slots = board(file_bytes=1000)
    run(slots, "a", 1, 0.0)
    run(slots, "b", 1, 2.0)
    admission = run(slots, "c", 1, 4.0)
    assert admission.put_away in {"a", "b"}
    slots.put_away(admission.put_away, 120, 400)
    back = run(slots, admission.put_away, 2, 9.0)
    assert back.bring_back
    assert back.cached_tokens == 100


def test_without_files_the_one_who_gave_way_reads_again():
    slots = board()
    run(slots, "a", 1, 0.0)
    run(slots, "b", 1, 2.0)
    run(slots, "c", 1, 4.0)
    gone = "a" if slots.slot_of("a") is None else "b"
    back = run(slots, gone, 2, 9.0)
    assert not back.bring_back
    assert back.cached_tokens == 0


def test_the_room_for_files_is_kept_to():
    slots = board(file_bytes=1000)
    for program in "abc":
        slots.put_away(program, 120, 400)
    assert list(slots.filed()) == ["b", "c"]
    assert slots.dropped() == ["a"]
    assert slots.dropped() == []


def test_the_last_step_leaves_nothing_behind():
    slots = board(file_bytes=1000)
    slots.put_away("a", 100, 10)
    run(slots, "a", 1, 0.0, last=True)
    assert slots.slot_of("a") is None
    assert slots.dropped() == ["a"]
    assert not slots.policy.pins()


def test_a_second_turn_of_a_busy_program_runs_beside_it():
    slots = board()
    one, two = turn("a", 1, 0.0), turn("a", 2, 0.0)
    slots.arrived(one, 0.0)
    slots.arrived(two, 0.0)
    places = [admission.slot for admission in slots.admit(0.0)]
    assert sorted(places) == [0, 1]
    slots.finished(one, 1.0, ended(), False)
    slots.finished(two, 2.0, ended(), False)
    assert [slot.owner for slot in slots.slots].count("a") == 1


def test_whoever_has_its_kv_passes_those_who_must_wait():
    slots = board(slots=1, policy="continuum")
    first = turn("a", 1, 0.0)
    slots.arrived(first, 0.0)
    slots.admit(0.0)
    slots.arrived(turn("b", 1, 0.5), 0.5)
    assert slots.admit(0.5) == []
    slots.finished(first, 1.0, ended(), False)
    slots.arrived(turn("a", 2, 1.0), 1.0)
    assert [a.turn.program for a in slots.admit(1.0)] in (["a"], ["b"])
    assert slots.running == 1


def test_a_newcomer_goes_where_a_conversation_that_is_over_began_alike():
    slots = board(slots=3)
    one, two = turn("a", 1, 0.0), turn("b", 1, 0.0)
    slots.arrived(one, 0.0, ("rules", "wish 1"))
    slots.arrived(two, 0.0, ("other", "x"))
    assert [admission.slot for admission in slots.admit(0.0)] == [0, 1]
    for done in (one, two):
        slots.finished(done, 1.0, ended(last=True), True)
    late = turn("c", 1, 2.0)
    slots.arrived(late, 2.0, ("other", "y"))
    assert [admission.slot for admission in slots.admit(2.0)] == [1]
    # Nobody who is still wanted gives way for that.
    slots.finished(late, 3.0, ended(), False)
    slots.arrived(turn("d", 1, 4.0), 4.0, ("other", "y"))
    assert [admission.slot for admission in slots.admit(4.0)] != [1]


def test_one_long_prompt_is_read_at_a_time_and_short_ones_pass_it():
    slots = SlotBoard(named.build("retinue", lambda tokens: 0.01 * tokens), 3, step_tokens=64)
    longs = [Turn(f"long{i}", f"long{i}", 0.0, 500 + i, priority=1) for i in range(3)]
    for made in longs:
        slots.arrived(made, 0.0)
    assert [a.turn.program for a in slots.admit(0.0)] == ["long0"]
    short = turn("short", 1, 0.0, 30)
    slots.arrived(short, 0.0)
    # Two long ones wait for two places, which are kept for them.
    assert slots.admit(0.0) == []
    slots.aborted(longs[2], 0.0)
    assert [a.turn.program for a in slots.admit(0.0)] == ["short"]
    assert not slots.has_read(short)
    assert slots.has_read(longs[0])
    assert [a.turn.program for a in slots.admit(0.0)] == ["long1"]
    # One that fails while it is read makes way, too.
    slots.arrived(turn("long3", 1, 0.0, 500), 0.0)
    slots.aborted(longs[1], 0.0)
    assert [a.turn.program for a in slots.admit(0.0)] == ["long3"]


def test_who_passes_by_takes_the_last_place_and_who_comes_back_the_first():
    slots = board(slots=3)
    for program, passing, expected in (("guest", True, 2), ("robot", False, 0), ("other", True, 1)):
        slots.arrived(turn(program, 1, 0.0), 0.0, passing=passing)
        assert [admission.slot for admission in slots.admit(0.0)] == [expected]


def test_places_that_nobody_owns_only_order():
    slots = board(owned=False)
    assert run(slots, "a", 1, 0.0).cached_tokens == 0
    assert slots.slot_of("a") is None


class Board(RuleBasedStateMachine):
    """Nothing leaks, nothing waits while there is room, nobody holds two idle slots."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.number = 0
        self.board = board(slots=3, file_bytes=2000)
        self.running: dict[str, Turn] = {}

    def _pump(self):
        for admission in self.board.admit(self.now):
            self.running[admission.turn.turn_id] = admission.turn
            if admission.put_away is not None:
                self.board.put_away(admission.put_away, 100, 500)

    @rule(program=st.sampled_from(PROGRAMS), tokens=st.integers(1, 300))
    def arrive(self, program, tokens):
        self.number += 1
        self.board.arrived(turn(program, self.number, self.now, tokens), self.now)
        self._pump()

    @rule(pick=st.integers(0, 99), last=st.booleans(), tokens=st.integers(0, 400))
    def finish(self, pick, last, tokens):
        if self.running:
            done = self.running.pop(sorted(self.running)[pick % len(self.running)])
            self.board.finished(done, self.now, ended(tokens, last), last)
            self._pump()

    @rule(pick=st.integers(0, 99))
    def abort(self, pick):
        known = {**self.running, **{t.turn_id: t for t in self.board.waiting}}
        if known:
            gone = known[sorted(known)[pick % len(known)]]
            self.running.pop(gone.turn_id, None)
            self.board.aborted(gone, self.now)
            self._pump()

    @rule(program=st.sampled_from(PROGRAMS))
    def forget(self, program):
        self.board.forget(program, self.now)
        self._pump()

    @rule()
    def crash(self):
        self.board.reset()
        self._pump()

    @rule(seconds=st.floats(0.0, 5000.0))
    def wait(self, seconds):
        self.now += seconds
        self._pump()

    @invariant()
    def running_turns_are_in_slots(self):
        inside = {slot.turn.turn_id for slot in self.board.slots if slot.turn is not None}
        assert inside == set(self.running)

    @invariant()
    def nobody_waits_while_a_slot_is_idle(self):
        if self.board.waiting:
            assert self.board.running > 0

    @invariant()
    def a_pin_is_a_slot_of_its_program(self):
        owners = [slot.owner for slot in self.board.slots if slot.owner is not None]
        assert len(owners) == len(set(owners))
        for pin in self.board.policy.pins():
            assert pin.program in owners
            assert pin.program in self.board.policy.programs


class BoardOfRetinue(Board):
    """The same under the policy that is the default."""

    def __init__(self):
        super().__init__()
        policy = named.build("retinue", lambda tokens: 0.01 * tokens)
        self.board = SlotBoard(policy, 3, file_bytes=2000, step_tokens=64)

    @rule(pick=st.integers(0, 99))
    def read(self, pick):
        if self.running:
            known = self.running[sorted(self.running)[pick % len(self.running)]]
            if self.board.has_read(known):
                self._pump()

    @invariant()
    def nobody_waits_for_a_reading_that_is_over(self):
        assert self.board._reading <= set(self.running)


TestBoardOfRetinue = BoardOfRetinue.TestCase
TestBoardOfRetinue.settings = settings(max_examples=60, stateful_step_count=60)
TestBoard = Board.TestCase
TestBoard.settings = settings(max_examples=60, stateful_step_count=60)
