"""Pretends: scenario worlds in continuous virtual time, without a robot."""
