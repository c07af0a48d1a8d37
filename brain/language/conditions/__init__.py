"""From what is ordered or asked to conditions on the world."""
