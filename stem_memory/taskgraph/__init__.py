"""Task memory as revisable graphs: update, check, cancel, roll back; the stale are told."""
