"""What the member agent uses of its machine: the heartbeat to its peer, health checks, the status endpoint."""
