"""Trees as a stranger's skill would use them: on a body, with a clock that is given."""

from types import SimpleNamespace

from cerebellum.contracts import Order
from cerebellum.testing import BODY, FLAT, Bench
from cerebellum.tree import Tree, act, check, fallback, retry, sequence, timeout, wait_until
from devices.contracts import Sense, Speak
from devices.skill import Failed, SkillCard, SkillRequest, Succeeded

WAVE = SkillCard(name="wave", title="wave", params=())
CARD = BODY.model_copy(update={"skills": {"wave": 1.0}})


def perform(make_root, due: float = 100.0) -> Bench:
    """A bench that has begun a skill made of this tree."""
    kind = SimpleNamespace(card=WAVE, build=lambda order, context: Tree(make_root(context)))
    bench = Bench(CARD, FLAT, {"wave": kind})
    request = SkillRequest(id="r", goal="g", step="s", skill="wave", body="b", deadline_s=due)
    bench.step(Order(request=request))
    return bench


def run(make_root) -> Bench:
    bench = perform(make_root)
    while not bench.finals() and bench.advance():
        bench.step()
    return bench


def say(context, text: str):
    return lambda: (Speak(id=context.next_id(), skill="wave", to="anna", text=text),)


def look(context):
    return (Sense(id=context.next_id(), skill="wave", mode="look", target="table-1"),)


def test_a_sequence_does_one_thing_after_the_other():
    bench = run(lambda c: sequence("s", act("a", c, say(c, "a")), act("b", c, say(c, "b"))))
    assert [command.text for command in bench.commands] == ["a", "b"]
    assert isinstance(bench.finals()[0], Succeeded)


def test_a_fallback_does_the_next_best():
    bench = perform(lambda c: fallback("f", check("no", lambda: False), act("b", c, say(c, "b"))))
    assert [command.text for command in bench.commands] == ["b"]


def test_what_takes_too_long_is_halted_before_the_next_thing_begins():
    bench = perform(
        lambda c: fallback(
            "f",
            timeout("t", act("slow", c, say(c, "slow")), c, 3.0, "too_slow"),
            act("look", c, lambda: look(c)),
        )
    )
    bench.device._running.ends = 50.0
    assert bench.advance()
    assert bench.clock.now() == 3.0, "the runner asks to be woken when the time is up"
    bench.step()
    assert [command.kind for command in bench.commands] == ["speak", "halt"]
    bench.step()
    assert [command.kind for command in bench.commands] == ["speak", "halt", "sense"]
    bench.advance()
    bench.step()
    assert isinstance(bench.finals()[0], Succeeded)


def test_waiting_for_what_never_comes_ends_with_the_timeouts_reason():
    bench = run(lambda c: timeout("t", wait_until("w", lambda: False), c, 3.0, "nobody_came"))
    [final] = bench.finals()
    assert isinstance(final, Failed)
    assert (final.reason, final.t) == ("nobody_came", 3.0)


def test_a_retry_stops_when_it_makes_no_sense():
    tries = []

    def attempt(c):
        return lambda: check("attempt", lambda: tries.append(c.now) or False)

    def root(c):
        def between(k):
            return check("between", lambda: True)

        return retry("r", attempt(c), times=5, again=lambda: len(tries) < 3, between=between)

    assert isinstance(run(root).finals()[0], Failed)
    assert len(tries) == 3


def test_a_tree_draws_itself():
    tree = Tree(sequence("make tea", check("water", lambda: True)))
    assert "make tea" in str(tree)
    assert "water" in str(tree)
