"""A session: goals, clock, roster, memory, bodies and glasses in one loop, and the folder it leaves."""
