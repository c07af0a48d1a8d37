"""The live site: its folder, its people, its HTTP API, and the client that the command is."""
