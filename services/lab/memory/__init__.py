"""How fast memory is, and what crashes leave of it."""
