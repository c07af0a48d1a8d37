"""The glasses pipeline: five units that speak at the right second, are right, or stay silent."""
