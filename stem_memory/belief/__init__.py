"""What is believed now: the fold of the event log, without clock, store or randomness."""
