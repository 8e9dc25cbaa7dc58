"""What goes wrong on request: fault rules, how they are written, and Azure's own error answers."""
