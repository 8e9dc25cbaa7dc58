"""Every click as a command, for people and as JSON."""
