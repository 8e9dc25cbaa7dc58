"""The window: its rail, its bar, its commands, which pages it has, and how it closes."""
