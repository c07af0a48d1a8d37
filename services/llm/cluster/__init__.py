"""Engines with their queues as one: turns are admitted, routed and moved."""
