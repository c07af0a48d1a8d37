"""Who does which step when: list scheduling, CP-SAT, and the reason for each choice."""
