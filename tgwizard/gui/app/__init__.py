"""What belongs to the process: every page stands on it and knows nothing of it."""
