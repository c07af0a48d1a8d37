"""Questions to memory, as plain functions over a store."""
