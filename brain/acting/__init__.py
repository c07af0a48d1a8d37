"""What goes out and what comes back: dispatch, evidence, revision, errands."""
