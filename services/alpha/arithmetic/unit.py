"""The arithmetic unit: typed functions behind evidence, time limits, and one sentence when it fails.

Tools come from the glasses skills ("SKILL.NAME"), from packages (`retinue.tools`), from tool servers
("mcp.NAME"), and from the language model ("llm.answer"). What runs here is exact and quick; what
needs the network runs beside, and is left behind when its time is up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.alpha.arithmetic.language import ANSWER, LanguageTool
from services.alpha.arithmetic.mcp import open_servers
from services.alpha.arithmetic.trouble import ToolUnavailable
from services.alpha.catalogue import make_skills
from services.alpha.contracts import ToolCall, ToolResult, ToolSpec
from services.alpha.orders import Call, GlassesConfig
from services.plugins import discover

REMOTE_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class _Tool:
    spec: ToolSpec
    function: Callable[..., Any]


class ArithmeticUnit:
    """Calls tools. An answer always comes; it says "ok" or why not."""

    def __init__(self, config: GlassesConfig) -> None:
        self._costs = config.costs
        self._outages = config.outages
        self._servers = open_servers(config.mcp)
        self._language = LanguageTool(config.model, config.wearer.id)
        self._language.prepare()
        self._tools: dict[str, _Tool] = {}
        for skill in make_skills(config.skills, config.settings).values():
            functions = skill.tools()
            self._add(*(_Tool(spec, functions[spec.name]) for spec in skill.spec.tools))
        for name, function in sorted(discover("tools").of("tools").items()):
            self._add(_Tool(getattr(function, "spec", None) or _remote(name), function))
        for server in self._servers:
            for name, function in server.tools().items():
                self._add(_Tool(_remote(f"mcp.{name}"), function))
        self._add(_Tool(ANSWER, self._language.answer))
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tool")
        self._pool.submit(self._language.warm)

    def _add(self, *tools: _Tool) -> None:
        self._tools.update({tool.spec.name: tool for tool in tools})

    def names(self) -> tuple[str, ...]:
        """What can be called."""
        return tuple(sorted(self._tools))

    def call(self, order: Call) -> ToolResult:
        """Call a tool with arguments read from evidence."""
        call = order.call
        tool = self._tools.get(call.tool)
        if tool is None:
            return _failed(call, "unknown", f"There is no tool {call.tool} here.", 0.0, False)
        spec = tool.spec
        cost = self._costs.get(call.id, self._costs.get(spec.name, spec.cost_s))
        lacking = sorted(set(spec.needs) - {found.slot for found in order.evidence})
        if lacking:
            why = f"{spec.title} needs {', '.join(lacking)}, which was not seen"
            return _failed(call, "missing_evidence", why, 0.0, spec.remote)
        if spec.remote and any(begin <= call.t < end for begin, end in self._outages):
            why = f"{spec.title} does not answer: there is no network."
            return _failed(call, "unavailable", why, min(cost, spec.timeout_s), True)
        if cost > spec.timeout_s:
            why = f"{spec.title} took longer than {spec.timeout_s:g} s."
            return _failed(call, "timeout", why, spec.timeout_s, spec.remote)
        return self._run(call, tool, cost)

    def _run(self, call: ToolCall, tool: _Tool, cost: float) -> ToolResult:
        spec = tool.spec
        try:
            if spec.remote:
                value = self._pool.submit(tool.function, **call.args).result(spec.timeout_s)
            else:
                value = tool.function(**call.args)
            return ToolResult(
                call=call.id,
                case=call.case,
                tool=call.tool,
                value=dict(value),
                cost_s=cost,
                remote=spec.remote,
            )
        except Late:
            why = f"{spec.title} took longer than {spec.timeout_s:g} s."
            return _failed(call, "timeout", why, spec.timeout_s, spec.remote)
        except ToolUnavailable as error:
            return _failed(call, "unavailable", str(error), cost, spec.remote)
        except ValueError as error:
            # Pydantic's own error is a ValueError, too, and speaks to programmers.
            odd = isinstance(error, ValidationError)
            why = f"{spec.title} answered something that is no answer." if odd else str(error)
            return _failed(call, "failed", why, cost, spec.remote)
        except Exception as error:  # noqa: BLE001 - tools of strangers may raise anything
            why = f"{spec.title} failed ({type(error).__name__}: {error})."
            return _failed(call, "failed", why, cost, spec.remote)

    def close(self) -> None:
        """End tool servers and the language model; do not wait for tools under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for server in self._servers:
            server.close()
        self._language.close()


def _remote(name: str) -> ToolSpec:
    """A tool of others: nothing is known of it but that it may take long, or not answer."""
    return ToolSpec(
        name=name,
        title=f"The tool {name}",
        cost_s=0.5,
        timeout_s=REMOTE_TIMEOUT_S,
        exact=False,
        remote=True,
    )


def _failed(call: ToolCall, status: str, why: str, cost: float, remote: bool) -> ToolResult:
    fields: Mapping[str, object] = {
        "call": call.id,
        "case": call.case,
        "tool": call.tool,
        "status": status,
        "why": why,
        "cost_s": cost,
        "remote": remote,
    }
    return ToolResult.model_validate(fields)
