"""The event log: what is acknowledged is on the disk, sealed, and never rewritten."""
