"""What things are: frozen values and pure functions. Standard library only."""
