"""What every engine must do. Subclass `EngineConformance`, give it an engine, and run pytest."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, ClassVar

from services.llm.engines.contracts import ChatCall, Hint, Piece
from services.llm.engines.engine import Embeds, Engine, KvPrograms, KvSlots, Schedules
from services.llm.engines.errors import EngineDied, EngineRefused

_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "bring",
            "description": "Bring a thing to somebody.",
            "parameters": {
                "type": "object",
                "properties": {"thing": {"enum": ["cup", "plate"]}},
                "required": ["thing"],
                "additionalProperties": False,
            },
        },
    }
]
_LONG = "A robot waits beside the door with a tray of clean cups. " * 12
_LIMIT_S = 120.0


def call(text: str, **options: Any) -> ChatCall:
    """A call with one message of a person, greedy, and at most eight tokens of answer."""
    return ChatCall(
        messages=({"role": "user", "content": text},),
        options={"max_tokens": 8, "temperature": 0.0, "seed": 1, **options},
    )


async def answer_of(engine: Engine, asked: ChatCall, slot: int | None = None) -> list[Piece]:
    """All pieces of an answer."""
    return [piece async for piece in engine.generate(asked, slot)]


def text_of(pieces: list[Piece]) -> str:
    """The words of an answer."""
    return "".join(piece.delta.get("content") or "" for piece in pieces)


class EngineConformance(ABC):
    """Tests of the protocol; those about what an engine does not claim pass at once.

    A subclass gives `make`; its tests run in pytest as methods named ``test_*``.
    """

    #: Options of an answer that is still under way when its engine is killed.
    long_answer: ClassVar[dict[str, Any]] = {"max_tokens": 200}

    @abstractmethod
    def make(self) -> Engine:
        """A new engine, not started."""

    def crash(self, engine: Engine) -> None:
        """End the engine's work as a crash would; only for engines that restart."""
        raise NotImplementedError("An engine that restarts needs a way to crash it.")

    def _with(self, body: Callable[[Engine], Awaitable[None]]) -> None:
        async def run() -> None:
            engine = self.make()
            async with asyncio.timeout(_LIMIT_S):
                await engine.start()
                try:
                    await body(engine)
                finally:
                    await engine.close()

        asyncio.run(run())

    def test_it_is_an_engine(self) -> None:
        """It is an engine."""
        assert isinstance(self.make(), Engine)

    def test_an_answer_ends_with_a_reason_and_its_tokens(self) -> None:
        """An answer ends with a reason and its tokens."""

        async def body(engine: Engine) -> None:
            pieces = await answer_of(engine, call("Name a city."))
            assert text_of(pieces).strip()
            *before, last = pieces
            assert last.finish_reason in {"stop", "length"}
            assert all(piece.finish_reason is None for piece in before)
            assert last.usage is not None
            assert last.usage.prompt_tokens > 0
            assert 0 < last.usage.completion_tokens <= 9

        self._with(body)

    def test_the_same_question_gets_the_same_answer(self) -> None:
        """The same question gets the same answer."""

        async def body(engine: Engine) -> None:
            first = text_of(await answer_of(engine, call("Name a fruit.")))
            assert text_of(await answer_of(engine, call("Name a fruit."))) == first

        self._with(body)

    def test_json_follows_its_schema(self) -> None:
        """JSON follows its schema."""
        schema = {
            "type": "object",
            "properties": {"city": {"enum": ["Paris", "Rome"]}},
            "required": ["city"],
            "additionalProperties": False,
        }
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}

        async def body(engine: Engine) -> None:
            asked = call("Name a capital as JSON.", response_format=form, max_tokens=60)
            pieces = await answer_of(engine, asked)
            assert json.loads(text_of(pieces))["city"] in {"Paris", "Rome"}

        self._with(body)

    def test_text_of_a_bounded_length_is_json_whatever_the_model_writes(self) -> None:
        """Text of a bounded length is JSON whatever the model writes."""
        word = {"type": "string", "minLength": 8, "maxLength": 16}
        schema = {
            "type": "object",
            "properties": {"word": word},
            "required": ["word"],
            "additionalProperties": False,
        }
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}

        async def body(engine: Engine) -> None:
            for seed in range(3):
                options = {"max_tokens": 150, "temperature": 1.0, "seed": seed}
                asked = call("Say a word as JSON.", response_format=form, **options)
                answer = json.loads(text_of(await answer_of(engine, asked)))
                assert 8 <= len(answer["word"]) <= 16

        self._with(body)

    def test_a_required_tool_is_called_with_valid_arguments(self) -> None:
        """A required tool is called with valid arguments."""

        async def body(engine: Engine) -> None:
            forced = {"tool_choice": "required", "parallel_tool_calls": False, "max_tokens": 80}
            pieces = await answer_of(engine, call("I want a cup.", tools=_TOOLS, **forced))
            calls = [c for piece in pieces for c in piece.delta.get("tool_calls") or ()]
            name = "".join(c["function"].get("name") or "" for c in calls)
            arguments = "".join(c["function"].get("arguments") or "" for c in calls)
            assert name == "bring"
            assert json.loads(arguments)["thing"] in {"cup", "plate"}
            assert pieces[-1].finish_reason == "tool_calls"

        self._with(body)

    def test_closing_an_answer_early_leaves_the_engine_fit(self) -> None:
        """Closing an answer early leaves the engine fit."""

        async def body(engine: Engine) -> None:
            async with aclosing(engine.generate(call(_LONG, max_tokens=200))) as pieces:
                async for _ in pieces:
                    break
            assert text_of(await answer_of(engine, call("Name a city."))).strip()
            assert (await engine.stats()).running == 0

        self._with(body)

    def test_requests_run_side_by_side(self) -> None:
        """Requests run side by side."""

        async def body(engine: Engine) -> None:
            texts = [f"Say the number {i}." for i in range(3)]
            answers = await asyncio.gather(*(answer_of(engine, call(text)) for text in texts))
            assert all(text_of(pieces).strip() for pieces in answers)

        self._with(body)

    def test_too_long_a_conversation_is_refused_in_a_sentence(self) -> None:
        """Too long a conversation is refused in a sentence."""

        async def body(engine: Engine) -> None:
            limit = engine.capabilities.context_tokens
            if not limit:
                return
            told = await self._refused(answer_of(engine, call("word " * (limit + 10))))
            assert told.status == 400
            assert "tokens" in str(told)

        self._with(body)

    def test_a_slot_keeps_what_it_has_read(self) -> None:
        """A slot keeps what it has read."""

        async def body(engine: Engine) -> None:
            if not engine.capabilities.slots:
                return
            await answer_of(engine, call(_LONG), slot=1)
            again = (await answer_of(engine, call(_LONG), slot=1))[-1].usage
            other = (await answer_of(engine, call(_LONG), slot=0))[-1].usage
            assert again is not None
            assert other is not None
            assert again.cached_tokens >= again.prompt_tokens - 1
            assert other.cached_tokens < other.prompt_tokens // 2

        self._with(body)

    def test_kv_is_put_away_carried_to_another_engine_and_found_there(self) -> None:
        """KV is put away carried to another engine and found there."""

        async def body(engine: Engine) -> None:
            if not engine.capabilities.saves_kv or not engine.capabilities.slots:
                return
            assert isinstance(engine, KvSlots)
            await answer_of(engine, call(_LONG), slot=0)
            saved = await engine.save(0, "a")
            assert saved.tokens > 0
            assert saved.size > 0
            other = self.make()
            await other.start()
            assert isinstance(other, KvSlots)
            try:
                await other.put("b", await engine.take("a"))
                assert await other.restore(1, "b") == saved.tokens
                usage = (await answer_of(other, call(_LONG), slot=1))[-1].usage
                assert usage is not None
                assert usage.cached_tokens >= usage.prompt_tokens - 1
                await other.drop("b")
                await other.erase(1)
                await self._refused(other.restore(1, "b"))
            finally:
                await other.close()

        self._with(body)

    def test_kv_of_a_program_that_waits_is_carried_to_another_engine_and_found_there(self) -> None:
        """KV of a program that waits is carried to another engine and found there."""
        hint = Hint(program="a", tool="drive", expected_s=600.0)

        async def answer(engine: Engine, asked: ChatCall, hint: Hint) -> Piece:
            return [piece async for piece in engine.generate(asked, hint=hint)][-1]

        async def body(engine: Engine) -> None:
            if not engine.capabilities.saves_kv or not engine.capabilities.schedules:
                return
            assert isinstance(engine, KvPrograms)
            assert isinstance(engine, Schedules)
            await answer(engine, call(_LONG), hint)
            saved = await engine.put_out("a", "key-1")
            assert saved.tokens > 0
            assert saved.size > 0
            await self._refused(engine.put_out("nobody", "key-2"))
            other = self.make()
            await other.start()
            assert isinstance(other, KvPrograms)
            try:
                await other.put("key-3", await engine.take("key-1"))
                assert await other.take_in("a", "key-3") == saved.tokens
                usage = (await answer(other, call(_LONG), hint)).usage
                assert usage is not None
                assert usage.cached_tokens >= min(saved.tokens, 0.9 * usage.prompt_tokens)
                await other.drop("key-3")
                await self._refused(other.take_in("a", "key-3"))
            finally:
                await other.close()
            await engine.forget("a")

        self._with(body)

    def test_what_it_says_it_can_do_it_has(self) -> None:
        """What it says it can do it has."""

        async def body(engine: Engine) -> None:
            able = engine.capabilities
            if able.embeds:
                assert isinstance(engine, Embeds)
                vectors = await engine.embed(["a cup", "a plate"])
                assert len(vectors) == 2
                assert len(vectors[0]) == len(vectors[1]) > 0
            if able.schedules:
                assert isinstance(engine, Schedules)
            if able.saves_kv:
                assert isinstance(engine, KvSlots if able.slots else KvPrograms)

        self._with(body)

    def test_a_crash_breaks_the_answer_and_a_restart_mends_it(self) -> None:
        """A crash breaks the answer and a restart mends it."""

        async def body(engine: Engine) -> None:
            if not engine.capabilities.restarts:
                return
            try:
                async for _ in engine.generate(call(_LONG, **self.long_answer)):
                    self.crash(engine)
            except EngineDied:
                pass
            else:
                raise AssertionError("the answer of a dead engine came to a good end")
            assert not await engine.healthy()
            assert not (await engine.stats()).alive
            await engine.restart()
            assert await engine.healthy()
            assert text_of(await answer_of(engine, call("Name a city."))).strip()
            assert (await engine.stats()).restarts == 1

        self._with(body)

    @staticmethod
    async def _refused(work: Awaitable[object]) -> EngineRefused:
        try:
            await work
        except EngineRefused as error:
            return error
        raise AssertionError("the engine did what it does not claim to do")
