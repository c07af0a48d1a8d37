"""`retinue memory`: a table of functions over a memory, one file a family of them."""
