"""A robot without hardware and without a simulator: a program that moves a point in real time."""
