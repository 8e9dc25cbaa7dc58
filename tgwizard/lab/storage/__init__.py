"""The lab folder: who holds it, and the world that is saved in it."""
