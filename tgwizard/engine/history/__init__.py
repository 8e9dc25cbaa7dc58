"""What happened before: runs out of their journals, and the reports that were kept."""
