"""Cubes: memory packaged with provenance, revisions, grants and a life of its own."""
