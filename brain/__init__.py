"""The planning brain: decides what is to be done, by which body, and whether it was done."""
