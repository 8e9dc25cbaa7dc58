"""Moves the address: plan, run, resume."""
