"""The steps of the wizard, one module each."""
