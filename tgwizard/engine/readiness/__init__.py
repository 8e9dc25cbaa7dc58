"""Would a failover work now, and what should be done first."""
