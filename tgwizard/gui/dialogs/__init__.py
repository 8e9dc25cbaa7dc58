"""Dialogs that belong to no wing: an unexpected error, closing the window during a run."""
