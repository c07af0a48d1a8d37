"""What noun phrases refer to in memory."""
