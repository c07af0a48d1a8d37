"""The two classes that vLLM is given. This file and `carrier` import ``vllm``."""

from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.core.sched.scheduler import Scheduler

from services.llm.vllm_plugin.interface import require_interface
from services.llm.vllm_plugin.scheduling import AgentScheduling

require_interface()


class AgentScheduler(AgentScheduling, Scheduler):  # type: ignore[misc]
    """For engines that schedule synchronously, as the CPU build does."""


class AgentAsyncScheduler(AgentScheduling, AsyncScheduler):  # type: ignore[misc]
    """For engines that schedule ahead, as GPUs do."""
