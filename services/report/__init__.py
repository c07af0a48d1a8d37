"""The report of a run: what was wished, planned, done by whom and why, as one page."""
