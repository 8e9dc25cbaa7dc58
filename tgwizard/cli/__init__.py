"""The command line: every click has a command, with words for people and JSON for programs."""
