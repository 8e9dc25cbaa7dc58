"""Puts the parts of the program together; the only package that knows all of them."""
