"""Remembers: an append-only log of events and the views folded from it."""
