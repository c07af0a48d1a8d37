"""Where actors live: in this process or on Ray."""
