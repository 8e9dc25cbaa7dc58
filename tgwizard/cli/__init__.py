"""Every click as a command."""
