"""What measures a live fleet: a campaign of seeded mishaps, and a generator of many daemons."""
