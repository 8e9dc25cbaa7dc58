"""The wizard that sets a cluster up: one module for each step, and what carries them."""
