"""The parts that manipulation skills share: reach, look again, try again."""

from __future__ import annotations

from collections.abc import Callable

from cerebellum.context import Context
from cerebellum.tree import Node, act, check, fallback, retry, sequence
from devices.contracts import Command, Operate, Sense
from devices.facts import Value

# Failures that another try may mend. All others are facts of the world: planning answers them.
TRANSIENT = frozenset({"missed", "slipped", "tool_failed"})
RETRIES = 2


def within_reach(context: Context, thing: str) -> Node:
    """Succeeds unless the thing is certainly out of reach: skills do not travel on their own."""

    def test() -> bool:
        if not context.is_out_of_reach(thing):
            return True
        context.give_up("out_of_reach", f"{thing} cannot be reached from here")
        return False

    return check(f"{thing} within reach", test)


def do_with_retries(
    context: Context,
    name: str,
    command: Callable[[], Command],
    *,
    look_at: str | None = None,
    is_futile: Callable[[], bool] = lambda: False,
) -> Node:
    """Have the body do something; after a transient failure look (if told to) and do it again.

    `is_futile` is asked after the look and says whether another try makes no sense; it then also
    gives the reason.
    """

    def again() -> bool:
        return context.failure is not None and context.failure[0] in TRANSIENT

    def between(k: int) -> Node:
        def report() -> bool:
            context.tell(f"retry {k}")
            return True

        steps = [check(f"retry {k}", report)]
        if look_at is not None:
            steps.append(glance(context, look_at))
        steps.append(check("worth it", lambda: not is_futile()))
        return sequence(f"before retry {k}", *steps)

    return retry(
        name,
        lambda: act(name, context, lambda: (command(),)),
        times=RETRIES,
        again=again,
        between=between,
    )


def glance(context: Context, target: str) -> Node:
    """Look at something if the body can; not seeing well is no reason to give up."""
    if "look" not in context.card.skills:
        return check("cannot look", lambda: True)
    command = act(f"look at {target}", context, lambda: (look(context, target),))
    return fallback(f"glance at {target}", command, check("look failed", lambda: True))


def look(context: Context, target: str) -> Sense:
    """The command to look closely at a target."""
    return Sense(id=context.next_id(), skill="look", mode="look", target=target)


def operate(context: Context, process: str | None, target: str, *, at: str) -> Node:
    """Reach for the place `at` and run a physical process on the target, with retries."""
    request = context.request
    value: Value | None = request.args.get("value")

    def command() -> Operate:
        return Operate(
            id=context.next_id(),
            skill=request.skill,
            process=process or request.skill,
            target=target,
            value=value,
        )

    work = do_with_retries(context, request.skill, command, look_at=target)
    return sequence(request.skill, within_reach(context, at), work)
