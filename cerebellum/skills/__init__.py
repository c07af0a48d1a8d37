"""The built-in skills, one a file: a `card` and a `build`. They enter by the same door as anyone's."""
