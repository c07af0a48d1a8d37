"""Emptying a replica before work on its machine, and giving it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from services.llm.cluster.status import ClusterStatus
from services.llm.watch import LIMIT_S, asked, status_of

_PERIOD_S = 1.0


@dataclass(frozen=True)
class Held:
    """What a replica still has.

    Attributes:
        turns: Turns that run or queue there.
        programs: Programs that wait for their tools, with their KV there.
    """

    turns: int
    programs: int

    @property
    def is_empty(self) -> bool:
        """Whether the replica can be stopped without loss."""
        return not self.turns and not self.programs


def drain(
    url: str,
    key: str,
    replica: str,
    draining: bool,
    wait: bool = False,
    on_round: Callable[[Held], None] = lambda _: None,
) -> Held:
    """Let a replica take no new programs, and move those that wait; or end that.

    Args:
        url: The endpoint's address, with or without ``/v1``.
        key: Its API key.
        replica: Which one.
        draining: Whether it drains from now on.
        wait: Whether to come back only when it is empty.
        on_round: Told what is left, once a second.

    Returns:
        What is left there.

    Raises:
        UserError: If the endpoint does not answer, or has no such replica.
    """
    return asyncio.run(_drain(url, key, replica, draining, wait, on_round))


async def _drain(
    url: str, key: str, replica: str, draining: bool, wait: bool, on_round: Callable[[Held], None]
) -> Held:
    async with asked(url, key, f"drain {replica}") as endpoint:
        await endpoint.post(f"/v1/replicas/{replica}/drain", {"draining": draining}, LIMIT_S)
        left = held(await status_of(endpoint), replica)
        while wait and not left.is_empty:
            on_round(left)
            await asyncio.sleep(_PERIOD_S)
            left = held(await status_of(endpoint), replica)
        return left


def held(status: ClusterStatus, replica: str) -> Held:
    """What a replica has, from the cluster's status."""
    turns = sum(r.running + r.queued for r in status.replicas if r.name == replica)
    programs = sum(
        p.replica == replica and p.state == "waiting" and p.kv != "none" for p in status.programs
    )
    return Held(turns, programs)
