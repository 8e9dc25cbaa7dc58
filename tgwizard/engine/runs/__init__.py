"""One journalled job, whatever it does: its records, its journal, its writes, its lock and its tasks."""
