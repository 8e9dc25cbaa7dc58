"""What things are: frozen values and pure functions, over the standard library alone."""
