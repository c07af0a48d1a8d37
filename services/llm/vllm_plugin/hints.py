"""What a request tells of its program: ``vllm_xargs``, or ``extra_args`` of its sampling parameters."""

from __future__ import annotations

from typing import Any

from services.llm.policy.contracts import Turn, Wait


def turn_of(request: Any, now: float) -> Turn:
    """The request as the policy sees it. Without a program's name its session is one, else it is alone."""
    told = _told(request)
    deadline = told.get("deadline")
    return Turn(
        program=told.get("program") or request.session_id or request.request_id,
        turn_id=request.request_id,
        arrived_s=now,
        prompt_tokens=request.num_prompt_tokens,
        # vLLM serves lower numbers first.
        priority=int(told.get("priority", -request.priority)),
        deadline_s=None if deadline is None else now + float(deadline),
    )


def wait_of(request: Any) -> Wait | None:
    """What its program does next; None if nothing is known to follow."""
    told = _told(request)
    tool = str(told.get("tool", ""))
    if not (told.get("program") or request.session_id) or int(told.get("last_step", 0)):
        return None
    if int(told.get("implied", 0)) and not tool:
        return None
    expected = told.get("expected_tool_seconds")
    return Wait(tool, str(told.get("body", "")), None if expected is None else float(expected))


def _told(request: Any) -> dict[str, Any]:
    parameters = request.sampling_params
    told: dict[str, Any] = (parameters.extra_args or {}) if parameters is not None else {}
    return told
