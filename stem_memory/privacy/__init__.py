"""Privacy: what is never recorded, how long the rest is kept, how it is erased, who read it."""
