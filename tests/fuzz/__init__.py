"""Seeded mutations of everything that the program reads: each is explained or taken, and none breaks it."""
