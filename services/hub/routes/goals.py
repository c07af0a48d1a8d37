"""Goals: said in words or as conditions, answered, changed, called off, tried again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException

from services.hub.contracts import (
    AnswerBody,
    CancelBody,
    ChangeBody,
    GoalStory,
    GoalView,
    RestrictBody,
    SaidView,
    SayBody,
    WantBody,
)
from services.hub.people import Person
from services.hub.routes.shared import Api, Key, marked
from services.session.inputs import Words
from stem_memory.instructions import Cancel, Change, Pause, Restrict, Resume


def goals(api: Api) -> APIRouter:
    """What people and programs do with goals."""
    router = APIRouter()
    _seen(api, router)
    _said(api, router)
    _steered(api, router)
    return router


def _seen(api: Api, router: APIRouter) -> None:
    viewer = api.requires("viewer")

    @router.get("/goals", summary="Goals, the newest last", dependencies=[viewer])
    def listed(
        status: Annotated[Literal["open", "all"], Query()] = "open",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[GoalView]:
        return list(api.hub.standing.goals(status == "open", limit))

    @router.get(
        "/goals/{goal}",
        summary="One goal: its plan, who does what, and why",
        dependencies=[viewer],
    )
    def story(goal: str) -> GoalStory:
        api.goal(goal)
        return api.hub.standing.story(goal)


def _said(api: Api, router: APIRouter) -> None:
    agent = api.requires("agent")

    async def say(words: Words, by: Person) -> SaidView:
        await api.hub.tell(words)
        heard = api.hub.standing.said(words.key)
        await api.hub.thought_about((*(goal.id for goal in heard.goals), *heard.answered))
        return api.hub.standing.said(words.key)

    def who(by: Person) -> str | None:
        # Who is known to the site speaks for themselves; anybody else, for its operator.
        return by.name if by.name in api.hub.standing.people else None

    @router.post(
        "/say", status_code=201, summary="Say something: a wish, an answer, an instruction"
    )
    async def said(body: SayBody, by: Person = agent, key: Key = None) -> SaidView:
        return await say(
            Words(
                body.text,
                who(by),
                body.within_s,
                body.priority,
                channel="api",
                key=marked(by, key),
            ),
            by,
        )

    @router.post("/goals", status_code=201, summary="Wish for what shall be true, as conditions")
    async def wanted(body: WantBody, by: Person = agent, key: Key = None) -> SaidView:
        return await say(
            Words(
                body.text or f"what {by.name} wants",
                who(by),
                body.within_s,
                body.priority,
                channel="api",
                key=marked(by, key),
                conditions=body.conditions,
            ),
            by,
        )

    @router.post("/goals/{goal}/answer", status_code=201, summary="Answer what a goal asks")
    async def answer(goal: str, body: AnswerBody, by: Person = agent, key: Key = None) -> SaidView:
        view = api.goal(goal)
        mark = marked(by, key)
        if not view.asks and not api.hub.standing.knows(mark):
            raise HTTPException(409, f"{goal} asks nothing: it is {view.status}")
        return await say(Words(body.text, who(by), channel="api", key=mark, goal=goal), by)

    @router.post(
        "/goals/{goal}/retry", status_code=201, summary="Say the wish of a goal that is over again"
    )
    async def retry(goal: str, by: Person = agent, key: Key = None) -> SaidView:
        view = api.goal(goal)
        if view.closed_s is None:
            raise HTTPException(409, f"{goal} is still {view.status}: cancel it first")
        wish = api.hub.standing.wish(goal)
        return await say(
            Words(
                wish.text,
                wish.who,
                priority=wish.priority,
                channel="api",
                key=marked(by, key),
                conditions=wish.conditions,
            ),
            by,
        )


def _steered(api: Api, router: APIRouter) -> None:
    agent = api.requires("agent")

    @router.post("/goals/{goal}/cancel", summary="Call a goal off; what is held is put down safely")
    async def cancel(
        goal: str, body: CancelBody | None = None, by: Person = agent, key: Key = None
    ) -> GoalView:
        roll_back = body is not None and body.roll_back
        return await api.on_goal(goal, Cancel(goals=(goal,), roll_back=roll_back), by, key)

    @router.post("/goals/{goal}/pause", summary="Do nothing for a goal until it is resumed")
    async def pause(goal: str, by: Person = agent, key: Key = None) -> GoalView:
        return await api.on_goal(goal, Pause(goals=(goal,)), by, key)

    @router.post("/goals/{goal}/resume", summary="Let a paused goal go on")
    async def resume(goal: str, by: Person = agent, key: Key = None) -> GoalView:
        return await api.on_goal(goal, Resume(goals=(goal,)), by, key)

    @router.patch(
        "/goals/{goal}", summary="Change the words, the deadline or the urgency of a goal"
    )
    async def change(goal: str, body: ChangeBody, by: Person = agent, key: Key = None) -> GoalView:
        if body == ChangeBody():
            raise HTTPException(400, "nothing is to change: give text, within_s or priority")
        now_s = api.hub.standing.now_s
        due = None if body.within_s is None else round(now_s + body.within_s, 3)
        order = Change(goal=goal, text=body.text, deadline_s=due, priority=body.priority)
        return await api.on_goal(goal, order, by, key)

    @router.put(
        "/goals/{goal}/bodies", summary="Say who may work for a goal: pin it, or bar somebody"
    )
    async def restrict(
        goal: str, body: RestrictBody, by: Person = agent, key: Key = None
    ) -> GoalView:
        api.bodies((*body.only, *body.never))
        order = Restrict(goal=goal, only=body.only, never=body.never)
        return await api.on_goal(goal, order, by, key)
