"""One cluster: its page, and what the window knows of it."""
