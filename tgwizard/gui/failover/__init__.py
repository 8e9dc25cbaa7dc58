"""The question before a failover, and the page of a run in progress."""
