"""A site: a session that stays up on the host's clock, in a folder from which it goes on when it was killed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from services.memory.client import MemoryClient
from services.runtime.local import Runtime
from services.session.assembly import assembled, open_runtime, pace_of, read_plan
from services.session.contracts import RunConfig
from services.session.diary import Diary
from services.session.folder import RunFolder
from services.session.inputs import Inputs
from services.session.pace import Pace
from services.session.past import going_on
from services.session.session import Session
from stem_memory.contracts import Event

_JOURNAL = "world.jsonl"


def check(config: RunConfig) -> None:
    """See that a site of this configuration can be begun.

    Raises:
        UserError: It can not; also the errors of the packages that read it.
    """
    read_plan(config)


def live(
    config: RunConfig,
    folder: RunFolder,
    inputs: Inputs,
    on_round: Callable[[float, tuple[Event, ...], Diary], None],
    runtime: Runtime | None = None,
    pace: Callable[[float], Pace] | None = None,
) -> None:
    """Keep a site up until `inputs` ends it; what is open then stays open.

    Args:
        config: What the site is; `stays` is set.
        folder: Its folder. What was recorded in it goes on.
        inputs: The door by which people reach it.
        on_round: Told what was recorded in each round, once it is on the disk.
        runtime: Where actors live, instead of what `config.runtime` names; closed at the end.
        pace: How time passes from a moment (s) on, instead of with the host's clock.

    Raises:
        UserError: bad input, in one sentence.
        ActorDied: Somebody is gone whom no site can do without.
    """
    plan = read_plan(config)
    runtime = runtime or open_runtime(config)
    memory: MemoryClient | None = None
    try:
        memory = MemoryClient.join(folder.own_memory, runtime)
        # Before anybody reads along: keys whose time is over are destroyed, and pages written anew.
        memory.expire(memory.last_time())
        past = going_on(memory)
        crew, site = assembled(plan, past, memory, runtime, folder.path / _JOURNAL)
        paced = pace_of(plan, past, crew) if pace is None else pace(past.end_s)
        Session(crew, site, inputs, paced, on_round).run()
    finally:
        # A memory that can not be closed must not keep actors alive.
        with contextlib.closing(runtime):
            if memory is not None:
                memory.close()
