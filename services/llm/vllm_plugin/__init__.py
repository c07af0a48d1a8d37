"""Agent scheduling inside vLLM, given by ``--scheduler-cls``; no fork.

    vllm serve MODEL --scheduler-cls services.llm.vllm_plugin.scheduler.AgentAsyncScheduler

On the CPU build, which schedules synchronously, it is ``AgentScheduler``. Requests name their program in
``vllm_xargs``: ``program``, ``last_step`` (0 or 1), ``tool``, ``body``, ``expected_tool_seconds``.
"""
