"""The nouns every floor shares, and the contract of a body."""
