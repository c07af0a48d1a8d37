"""Trials of what is promised: writers are killed and power fails, and nothing acknowledged is lost."""
