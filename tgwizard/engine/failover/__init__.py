"""The wing that moves the address: plan, run, resume."""
