"""Whether the endpoint that runs think at is there, and whether one is up that nobody named."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.llm.engines.endpoint import Endpoint
from services.llm.engines.errors import EngineDied, EngineRefused

#: Where `retinue llm serve` listens if it is told nothing else.
DEFAULT_URL = "http://127.0.0.1:8000"
_LIMIT_S = 2.0


@dataclass(frozen=True)
class Reach:
    """What was found.

    Attributes:
        fits: Whether runs will get what they were told to use.
        detail: What is there, or is wrong.
        fix: What to do; empty if nothing.
    """

    fits: bool
    detail: str
    fix: str = ""


def reach(named: str, key: str) -> Reach:
    """Look at the endpoint that is named, or else at the usual address.

    Args:
        named: Address and model, as ``http://host:port/v1#model``; empty if none is named.
        key: The endpoint's key.
    """
    address, _, model = named.partition("#")
    if not named:
        models = _models(DEFAULT_URL, key)
        if not isinstance(models, list) or not models:
            return Reach(True, "none is named; runs think in their own process")
        export = f"export RETINUE_LLM={DEFAULT_URL}/v1#{models[0]}"
        return Reach(True, f"one answers at {DEFAULT_URL}, and none is named", export)
    if not address.startswith(("http://", "https://")) or not model:
        form = "export RETINUE_LLM=http://127.0.0.1:8000/v1#NAME"
        return Reach(False, f"RETINUE_LLM is {named!r}, which is no address with a model", form)
    models = _models(address, key)
    if isinstance(models, str):
        return Reach(False, models, "retinue llm serve, or unset RETINUE_LLM")
    if models and model not in models:
        there = ", ".join(models)
        return Reach(
            False, f"{address} has no model {model!r}; it has {there}", "correct RETINUE_LLM"
        )
    return Reach(True, f"runs think at {named}")


def _models(url: str, key: str) -> list[str] | str:
    """The models of an endpoint, or a sentence that says why it tells none."""

    async def ask() -> list[str] | str:
        endpoint = Endpoint(url.rstrip("/").removesuffix("/v1"), key)
        try:
            told = await endpoint.get("/v1/models", _LIMIT_S)
            return [str(card["id"]) for card in told["data"]]
        except (EngineDied, EngineRefused) as why:
            return str(why)
        except (KeyError, TypeError):
            return f"{url} does not speak OpenAI's protocol"
        finally:
            await endpoint.close()

    return asyncio.run(ask())
