"""The plan for other hands: one module for each form, one row in ``formats``."""
