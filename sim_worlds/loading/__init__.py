"""From a scenario file to a checked scenario: YAML with line numbers, checks, population."""
