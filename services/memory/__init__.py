"""The memory of a site for every program that takes part: one writer, one client."""
