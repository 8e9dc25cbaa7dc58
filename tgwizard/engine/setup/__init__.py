"""Sets a cluster up: the wizard, the plan, applying, undoing and verifying it."""
