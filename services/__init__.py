"""The programs that wire the packages together, run them and serve them."""
