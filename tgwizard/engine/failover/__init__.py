"""Fail over: plan, run and resume."""
