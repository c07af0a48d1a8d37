"""Acts: runs one skill on one body as a behaviour tree, under a guard."""
