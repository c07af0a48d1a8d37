"""`retinue memory`, one file a family of commands."""
