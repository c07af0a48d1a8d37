"""From conditions to a verified graph of steps: regression planning, ordering, verification."""
