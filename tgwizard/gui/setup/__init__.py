"""The pages that set a cluster up: one question a step, and the portal's way beside it."""
