"""Notes: what went wrong, why, what helped, and whether it keeps helping."""
