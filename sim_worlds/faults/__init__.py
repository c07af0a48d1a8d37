"""What goes wrong in a world on purpose: kinds of faults, ours and strangers', in words and as data."""
