"""The failover wing of the window: the question before a run, and the view of a run in progress."""
