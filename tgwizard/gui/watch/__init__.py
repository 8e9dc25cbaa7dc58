"""The watch wing of the window: one cluster's verdict, picture, truths, readiness and events."""
