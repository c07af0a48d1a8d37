"""The glasses measured: films made here, with what would be right to say in them, and baselines."""
