"""What the engine is made of: an agenda of events, bodies that move and handle, eyes, the truth."""
