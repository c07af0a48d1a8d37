"""Exact tools: typed functions whose answers are computed, not guessed."""
