"""A discrete-event simulator of LLM servers: continuous batching, paged KV, many replicas, real policies.

It drives the very policy classes that the engines use, with the step-time law of an engine, on recorded
or generated agent sessions. A run is a pure function of its arguments and seed.
"""
