"""Scripts that run with other environments than ours: what an admin writes with an SDK."""
