"""What all routes share: who calls, under which key, and what a name in an address means."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from services.hub.contracts import BodyView, GoalView, Role
from services.hub.hub import Hub
from services.hub.people import People, Person
from services.hub.rates import Rates
from services.session.inputs import Directive
from stem_memory.instructions import Instruction

_BEARER = HTTPBearer(auto_error=False, description="The token of a person of this site.")
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=128,
        description="Say it again under the same key after a lost answer: it is heard once.",
    ),
]


@dataclass(frozen=True)
class Api:
    """What the routes work with.

    Attributes:
        hub: The site.
        people: Who may call it.
        rates: How often.
        name: What the site is called.
        version: Of Retinue.
    """

    hub: Hub
    people: People
    rates: Rates
    name: str
    version: str

    def requires(self, role: Role) -> Any:
        """Who calls, if they may do what the role may: a default for a parameter of a route."""
        return Depends(self._person(role))

    async def instruct(self, order: Instruction, by: Person, key: str | None) -> None:
        """Give an instruction; returns once it is on the disk."""
        await self.hub.tell(Directive(order, by.name, marked(by, key)))

    async def on_goal(self, goal: str, order: Instruction, by: Person, key: str | None) -> GoalView:
        """Give an instruction about a goal that is open."""
        view = self.goal(goal)
        if key is None or not self.hub.standing.knows(marked(by, key)):
            if view.closed_s is not None:
                raise HTTPException(409, f"{goal} is over: it is {view.status}")
            await self.instruct(order, by, key)
        return self.hub.standing.goal(goal)

    def goal(self, goal: str) -> GoalView:
        """A goal that is there."""
        standing = self.hub.standing
        try:
            return standing.goal(goal)
        except KeyError:
            known = ", ".join(v.id for v in standing.goals(is_open=True, limit=20)) or "none"
            raise HTTPException(404, f"there is no goal {goal} here; open are: {known}") from None

    def bodies(self, named: tuple[str, ...]) -> tuple[str, ...]:
        """Bodies that are there."""
        known = [body.id for body in self.hub.standing.bodies()]
        for name in named:
            if name not in known:
                raise HTTPException(
                    404, f"there is no body {name} here; there are: {', '.join(known)}"
                )
        return named

    def bodies_now(self) -> list[BodyView]:
        """Every body as it is, with what its link knows of it."""
        links = self.hub.links
        took, silent = links.latencies(), links.silences()
        return [
            body.model_copy(
                update={"stop_latency_s": took.get(body.id), "silent_s": silent.get(body.id)}
            )
            for body in self.hub.standing.bodies()
        ]

    def _person(self, role: Role) -> Callable[..., Person]:
        def person(
            given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
        ) -> Person:
            found = self.people.who(given.credentials) if given is not None else None
            if found is None:
                raise HTTPException(
                    401,
                    "the token is missing, wrong or taken back: send Authorization: Bearer TOKEN",
                    {"WWW-Authenticate": "Bearer"},
                )
            if not found.may(role):
                raise HTTPException(
                    403, f"{found.name} is a {found.role}, and this takes an {role}"
                )
            self.rates.count(found.name)
            return found

        return person


def marked(by: Person, key: str | None) -> str:
    """The mark under which something is recorded; nobody takes another's."""
    return f"{by.name}:{key or uuid.uuid4().hex}"
