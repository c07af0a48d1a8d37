"""The commands, one file a family. Heavy libraries are imported inside the commands, not above."""
