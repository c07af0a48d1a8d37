"""How well wishes are understood, against gold."""
