"""Plain English read as goal conditions over the things that memory knows."""
