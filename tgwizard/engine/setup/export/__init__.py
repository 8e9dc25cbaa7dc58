"""The plan for other hands: one module for each format, one row in ``formats``."""
