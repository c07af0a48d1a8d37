"""Several replicas as one: where turns go, and what moves when."""

import asyncio
from contextlib import aclosing

import pytest

from services.errors import UserError
from services.llm.cluster.cluster import Cluster
from services.llm.cluster.make import make_cluster
from services.llm.cluster.replica import Replica
from services.llm.cluster.speed import ReadingSpeed
from services.llm.config import LlmConfig
from services.llm.engines.contracts import ChatCall, EnginePin, Hint, KvFile, OwnScheduling
from services.llm.engines.errors import EngineDied, EngineMissing, EngineRefused
from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec
from services.llm.policy.contracts import Turn, Wait
from services.runtime.local import LocalRuntime

MODEL = "simulated"
LIMIT_S = 30.0


class Clock:
    """Time that stands still until it is told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class House:
    """A cluster of simulated engines and one way to ask it."""

    def __init__(self, replicas=2, slots=2, policy="ttl-600s", kind=SimulatedEngine):
        self.clock = Clock()
        self.gate = asyncio.Event()
        self.gate.set()
        self.engines = [kind(SimulatedSpec(slots=slots), self._work) for _ in range(replicas)]
        speed = ReadingSpeed()
        self.cluster = Cluster(
            [
                Replica(f"r{i}", engine, policy, speed=speed, clock=self.clock)
                for i, engine in enumerate(self.engines)
            ],
            self.clock,
        )
        self._asked = 0

    async def _work(self, _):
        await asyncio.sleep(0)
        await self.gate.wait()

    async def __aenter__(self):
        for replica in self.cluster.replicas.values():
            await replica.start()
        return self

    async def __aexit__(self, *_):
        await self.cluster.close()

    def pieces(self, program, text, **hint):
        self._asked += 1
        words = {"role": "user", "content": f"{program} {text}"}
        tokens = len(words["content"].split()) + 1
        turn = Turn(program, f"t{self._asked}", self.clock.now, tokens)
        call = ChatCall(messages=(words,), options={"max_tokens": 4})
        told = Hint(program=program, tool="navigate", expected_s=60.0, **hint)
        return self.cluster.run(MODEL, turn, call, told)

    async def ask(self, program, text="x " * 200, **hint):
        usage = None
        async with aclosing(self.pieces(program, text, **hint)) as pieces:
            async for piece in pieces:
                usage = piece.usage or usage
        return usage

    async def where(self):
        status = await self.cluster.status()
        return {program.name: program.replica for program in status.programs}


def run(body, **kind):
    async def inside():
        async with asyncio.timeout(LIMIT_S), House(**kind) as house:
            await body(house)

    asyncio.run(inside())


def test_new_programs_spread_and_return_to_their_kv():
    async def body(house):
        for program in "abcd":
            await house.ask(program)
        homes = await house.where()
        assert sorted(homes.values()) == ["r0", "r0", "r1", "r1"]
        for program in "abcd":
            usage = await house.ask(program)
            assert usage.cached_tokens >= usage.prompt_tokens - 1
        assert await house.where() == homes

    run(body)


def test_a_waiting_program_moves_with_its_kv_and_nothing_is_read_again():
    async def body(house):
        await house.ask("a")
        (home,) = (await house.where()).values()
        other = next(r for r in house.cluster.replicas.values() if r.name != home)
        assert await house.cluster.move("a", other)
        assert await house.where() == {"a": other.name}
        usage = await house.ask("a")
        assert usage.cached_tokens >= usage.prompt_tokens - 1
        assert await house.where() == {"a": other.name}
        status = await house.cluster.status()
        assert status.migrations == 1
        assert status.migrated_bytes > 0

    run(body)


def test_a_running_program_does_not_move():
    async def body(house):
        async with aclosing(house.pieces("a", "x " * 50)) as pieces:
            await anext(pieces)
            (home,) = (await house.where()).values()
            other = next(r for r in house.cluster.replicas.values() if r.name != home)
            assert not await house.cluster.move("a", other)

    run(body)


def test_draining_empties_a_replica_while_programs_wait():
    async def body(house):
        for program in "abcd":
            await house.ask(program)
        house.cluster.drain("r0")
        await house.cluster.tick()
        assert set((await house.where()).values()) == {"r1"}
        await house.ask("e")
        assert (await house.where())["e"] == "r1"
        for program in "abcd":
            usage = await house.ask(program)
            assert usage.cached_tokens >= usage.prompt_tokens - 1
        with pytest.raises(EngineRefused, match="no replica 'r9' here; there are r0, r1"):
            house.cluster.drain("r9")
        with pytest.raises(EngineRefused, match="r1 is the only replica that takes programs"):
            house.cluster.drain("r1")
        house.cluster.drain("r0", False)
        house.cluster.drain("r1")

    run(body, slots=3)


def test_a_crowded_replica_gives_a_waiting_program_to_a_free_one():
    async def body(house):
        gate = house.gate
        other = house.cluster.replicas["r1"]
        other.board.draining = True
        for program in "ab":
            await house.ask(program)
        gate.clear()
        streams = [house.pieces(program, "x " * 50) for program in "cde"]
        firsts = [asyncio.ensure_future(anext(pieces)) for pieces in streams]
        await asyncio.sleep(0)
        other.board.draining = False
        # Two run, one queues, and two wait for their tools: one of these makes room.
        await house.cluster.tick()
        assert house.cluster.migrations == 1
        homes = await house.where()
        assert sorted([homes["a"], homes["b"]]) == ["r0", "r1"]
        gate.set()
        for first, pieces in zip(firsts, streams, strict=True):
            await first
            await pieces.aclose()

    run(body)


def test_turns_of_a_replica_that_does_not_come_back_go_to_another():
    async def body(house):
        await house.ask("a")
        (home,) = (await house.where()).values()
        engine = house.engines[int(home[1])]

        async def never():
            raise EngineDied("It is gone.")

        engine.restart = never
        engine.crash()
        assert (await house.ask("a")).completion_tokens > 0
        assert (await house.where())["a"] != home
        await house.cluster.tick()
        # Later ones are not even tried there.
        await house.ask("b")
        assert (await house.where())["b"] != home

    run(body)


def test_no_turn_waits_for_an_engine_that_starts_again_where_another_is_ready():
    async def body(house):
        await house.ask("a")
        (home,) = (await house.where()).values()
        engine = house.engines[int(home[1])]
        loaded, restart = asyncio.Event(), engine.restart

        async def slowly():
            await loaded.wait()
            await restart()

        engine.restart = slowly
        engine.crash()
        assert (await house.ask("a")).completion_tokens > 0
        status = await house.cluster.status()
        assert {r.name for r in status.replicas if r.starting} == {home}
        assert sum(r.retried for r in status.replicas) == 1
        assert sum(r.failed for r in status.replicas) == 0
        assert (await house.where())["a"] != home
        # Not even one that nobody has asked for a turn yet is chosen meanwhile.
        for program in "bcd":
            await house.ask(program)
        assert home not in (await house.where()).values()
        loaded.set()
        await house.cluster.replicas[home].life.revive()
        await house.ask("e")
        assert (await house.where())["e"] == home

    run(body, slots=5)


def test_an_engine_that_hangs_holds_up_neither_health_nor_status(monkeypatch):
    monkeypatch.setattr("services.llm.cluster.replica._TELL_LIMIT_S", 0.01)

    async def body(house):
        before = (await house.cluster.status()).replicas[0].stats
        for asked in ("healthy", "stats"):
            monkeypatch.setattr(house.engines[0], asked, asyncio.Event().wait)
        assert await house.cluster.healthy()
        # Whether it is dead is for the housekeeping to find out.
        assert (await house.cluster.status()).replicas[0].stats == before

    run(body)


def test_an_engine_starts_again_though_whoever_met_its_death_went_away():
    async def body(house):
        await house.ask("a")
        begun, loaded, restart = asyncio.Event(), asyncio.Event(), house.engines[0].restart

        async def slowly():
            begun.set()
            await loaded.wait()
            await restart()

        house.engines[0].restart = slowly
        house.engines[0].crash()
        leaving = asyncio.ensure_future(house.ask("a"))
        staying = asyncio.ensure_future(house.ask("b"))
        await begun.wait()
        leaving.cancel()
        loaded.set()
        assert (await staying).completion_tokens > 0
        assert (await house.cluster.status()).replicas[0].stats.restarts == 1

    run(body, replicas=1)


def test_housekeeping_revives_a_dead_engine_and_its_pins_are_forgotten():
    async def body(house):
        await house.ask("a")
        house.engines[0].crash()
        await house.cluster.tick()
        status = await house.cluster.status()
        assert status.replicas[0].stats.alive
        assert status.replicas[0].stats.restarts == 1
        assert status.replicas[0].pins == 0
        assert status.programs[0].kv == "none"
        assert (await house.ask("a")).cached_tokens == 0

    run(body, replicas=1)


def test_one_dead_engine_does_not_keep_the_others_from_starting():
    async def body():
        clock = Clock()
        dead, alive = SimulatedEngine(), SimulatedEngine()

        async def missing():
            raise EngineMissing("Nobody answers there.")

        dead.start = missing
        cluster = Cluster([Replica(f"r{i}", e, clock=clock) for i, e in enumerate((dead, alive))])
        await cluster.start()
        assert cluster.choose(MODEL, Turn("a", "t", 0.0, 10)).name == "r1"
        del dead.start
        await cluster.tick()
        status = await cluster.status()
        assert [r.stats.alive for r in status.replicas] == [True, True]
        await cluster.close()
        dead.start = missing
        with pytest.raises(EngineMissing, match="Nobody answers there"):
            await Cluster([Replica("r0", dead, clock=clock)]).start()

    asyncio.run(body())


class OwnScheduler(SimulatedEngine):
    """Holds KV by itself, as vLLM with the plug-in does."""

    def __init__(self, spec, work):
        super().__init__(spec, work)
        self.heard = []

    @property
    def capabilities(self):
        own = {"slots": 0, "saves_kv": False, "schedules": True}
        return super().capabilities.model_copy(update=own)

    async def announce(self, program, wait):
        self.heard.append((program, wait.tool, wait.expected_s))

    async def forget(self, program):
        self.heard.append((program, "forgotten"))

    async def stats(self):
        pin = EnginePin(program="a", tokens=100, blocks=7, age_s=1.0, left_s=42.0)
        own = OwnScheduling(policy="retinue", pins=(pin,), outcomes={"pinned": 1})
        return (await super().stats()).model_copy(update={"scheduling": own})


def test_an_engine_that_schedules_by_itself_is_told_and_asked():
    async def body(house):
        for program in "ab":
            await house.ask(program)
        homes = await house.where()
        assert set(homes.values()) == {"r0", "r1"}
        # Its prefix cache is there, so a program comes back to where it was.
        for program in "ab":
            assert (await house.ask(program)).cached_tokens > 100
        assert await house.where() == homes
        status = await house.cluster.status()
        (told,) = [program for program in status.programs if program.name == "a"]
        assert (told.kv, told.pin_left_s) == ("pinned", 42.0)
        assert status.replicas[0].pins == 1
        assert house.cluster.waits("a", Wait("wash", "arm", 9.0))
        assert house.cluster.forget("a")
        await asyncio.sleep(0)
        engine = house.engines[int(homes["a"][1])]
        assert engine.heard == [("a", "wash", 9.0), ("a", "forgotten")]

    run(body, kind=OwnScheduler)


def test_a_program_whose_kv_cannot_be_carried_is_read_again_elsewhere_and_told_so():
    async def body(house):
        await house.ask("a")
        home = (await house.where())["a"]
        house.cluster.drain(home)
        await house.cluster.tick()
        assert (await house.cluster.status()).rereads == 0
        assert (await house.ask("a")).cached_tokens == 0
        assert (await house.where())["a"] != home
        status = await house.cluster.status()
        assert [program.name for program in status.programs] == ["a"]
        assert (status.rereads, status.migrations) == (1, 0)
        await asyncio.sleep(0)
        assert house.engines[int(home[1])].heard == [("a", "forgotten")]
        # What is known of it came along.
        assert status.programs[0].turns == 2

    run(body, kind=OwnScheduler)


class Carrier(OwnScheduler):
    """Holds KV by itself, in blocks of 32 tokens, and carries it."""

    @property
    def capabilities(self):
        return super().capabilities.model_copy(update={"saves_kv": True})

    async def put_out(self, program, key):
        return KvFile(key=key, tokens=320, size=5)

    async def take(self, key):
        return b"bytes"

    async def put(self, key, data):
        self.heard.append(("brought", data))

    async def take_in(self, program, key):
        self.heard.append((program, "taken in"))
        return 320

    async def drop(self, key):
        self.heard.append(("dropped",))

    async def stats(self):
        pins = tuple(
            EnginePin(program=name, tokens=320, blocks=10, age_s=1.0, left_s=42.0)
            for name in {program for program, *_ in self.served}
        )
        own = OwnScheduling(
            policy="retinue", pins=pins, blocks=100, free_blocks=100 - 10 * len(pins)
        )
        return (await super().stats()).model_copy(update={"scheduling": own})

    @property
    def served(self):
        return self.__dict__.setdefault("_served", [])

    async def generate(self, call, slot=None, hint=None):
        self.served.append((hint.program,))
        async with aclosing(super().generate(call, slot, hint)) as pieces:
            async for piece in pieces:
                yield piece


def test_kv_that_an_engine_holds_by_itself_is_carried_from_a_drained_replica():
    async def body(house):
        await house.ask("a")
        home = (await house.where())["a"]
        other = house.engines[1 - int(home[1])]
        house.cluster.drain(home)
        await house.cluster.tick()
        assert await house.where() == {"a": "r1" if home == "r0" else "r0"}
        status = await house.cluster.status()
        assert (status.migrations, status.migrated_bytes, status.rereads) == (1, 5, 0)
        assert status.programs[0].kv == "file"
        assert other.heard == [("brought", b"bytes"), ("a", "taken in")]
        await house.ask("a")
        await asyncio.sleep(0)
        # It is in the engine's own memory now, and held there.
        assert other.heard[-1] == ("dropped",)
        assert (await house.cluster.status()).programs[0].kv == "pinned"

    run(body, kind=Carrier)


def test_programs_that_never_come_back_are_forgotten():
    async def body(house):
        await house.ask("a")
        house.clock.now += 4000.0
        await house.cluster.tick()
        assert await house.where() == {}

    run(body)


def test_more_programs_than_slots_are_held_in_files():
    async def body(house):
        programs = [f"p{i}" for i in range(6)]
        for program in programs:
            await house.ask(program)
        for program in programs:
            usage = await house.ask(program)
            assert usage.cached_tokens >= usage.prompt_tokens - 1
        status = await house.cluster.status()
        assert status.replicas[0].resume_hit_rate > 0.95

    run(body, replicas=1)


def test_the_wanted_number_of_replicas_follows_the_load():
    async def body(house):
        assert house.cluster.wanted_replicas() == 1
        open_ = [house.pieces(f"p{i}", "x") for i in range(4)]
        waiting = [asyncio.ensure_future(anext(pieces)) for pieces in open_]
        await asyncio.wait(waiting)
        assert house.cluster.wanted_replicas() == 3
        for pieces in open_:
            await pieces.aclose()

    run(body)


def test_a_model_that_nobody_serves_is_refused():
    async def body(house):
        with pytest.raises(EngineRefused, match="no model 'gpt-7' here"):
            house.cluster.choose("gpt-7", Turn("a", "t", 0.0, 10))

    run(body)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"engines": ("magic",)}, "--engine 'magic' is not known: use llamacpp"),
        ({"engines": ("http://host/v1",)}, "an address with its model's name"),
        ({"policy": "best"}, "There is no policy 'best'; choose one of"),
    ],
)
def test_what_is_not_known_is_told_in_one_sentence(config, sentence):
    with pytest.raises(UserError, match=sentence):
        make_cluster(LlmConfig(**config), LocalRuntime())
