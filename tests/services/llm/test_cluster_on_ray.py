"""Replicas whose engines live in Ray actors: a worker that dies, a program that moves."""

import asyncio

import pytest

from services.llm.cluster.make import make_cluster
from services.llm.config import LlmConfig
from services.llm.engines.contracts import ChatCall, Hint
from services.llm.engines.llamacpp import LlamaCppEngine
from services.llm.policy.contracts import Turn


@pytest.mark.ray
def test_an_engine_in_a_ray_actor_dies_with_its_worker_and_is_made_anew():
    from services.runtime.ray_runtime import RayRuntime

    pytest.importorskip("xllamacpp")
    runtime = RayRuntime()
    try:

        async def body():
            config = LlmConfig(slots=2, context_tokens=512, policy="ttl-60s")
            cluster = make_cluster(config, runtime)
            replica = cluster.replicas["replica-0"]
            assert isinstance(replica.engine, LlamaCppEngine)
            await replica.start()
            try:
                words = ({"role": "user", "content": "Name a city."},)
                call = ChatCall(messages=words, options={"max_tokens": 6, "temperature": 0.0})
                first = [p async for p in replica.engine.generate(call)]
                runtime.kill("replica-0")
                turn = Turn("a", "t1", 0.0, 10)
                model = replica.engine.capabilities.model
                again = [p async for p in cluster.run(model, turn, call, Hint(program="a"))]
                assert [p.delta for p in again] == [p.delta for p in first]
            finally:
                await cluster.close()

        asyncio.run(body())
    finally:
        runtime.close()


@pytest.mark.ray
def test_a_waiting_program_moves_between_ray_actors_with_its_kv():
    from services.runtime.ray_runtime import RayRuntime

    pytest.importorskip("xllamacpp")
    runtime = RayRuntime()
    try:

        async def body():
            config = LlmConfig(slots=2, context_tokens=512, replicas=2)
            cluster = make_cluster(config, runtime)
            for replica in cluster.replicas.values():
                await replica.start()
            try:
                text = "A robot waits beside the door with a tray of clean cups. " * 12
                call = ChatCall(
                    messages=({"role": "user", "content": text},),
                    options={"max_tokens": 6, "temperature": 0.0},
                )
                hint = Hint(program="a", tool="drive", expected_s=600.0)
                model = cluster.models[0]

                async def ask(number):
                    turn = Turn("a", f"t{number}", cluster._clock(), 160)
                    pieces = [p async for p in cluster.run(model, turn, call, hint)]
                    (told,) = (await cluster.status()).programs
                    return pieces[-1].usage, told.replica

                _, home = await ask(1)
                cluster.drain(home)
                await cluster.tick()
                status = await cluster.status()
                assert (status.migrations, status.rereads) == (1, 0)
                assert status.migrated_bytes > 100_000
                usage, now = await ask(2)
                assert now != home
                assert usage.cached_tokens >= usage.prompt_tokens - 1
            finally:
                await cluster.close()

        asyncio.run(body())
    finally:
        runtime.close()
