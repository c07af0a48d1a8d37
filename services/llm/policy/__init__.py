"""Which turn goes first, whose KV cache is held while its tool works, and who gives way.

Pure code: no clock, no I/O, no randomness. Every call is told the time, in seconds on one monotonic
clock. The same classes run in the vLLM scheduler, the llama.cpp slot manager, the router and the
simulator. An engine drives `AgentPolicy`; `named.build` makes one by its name.
"""
