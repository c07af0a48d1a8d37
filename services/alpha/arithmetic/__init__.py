"""The arithmetic unit: tools as typed functions, ours and those of others."""
