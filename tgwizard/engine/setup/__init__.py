"""The wing that sets a cluster up: the wizard, the plan, applying it, verifying it."""
