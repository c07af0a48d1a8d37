"""What people tell the fleet to do with goals and bodies."""
