"""What was believed of any time, as known at any time, and on what evidence."""
