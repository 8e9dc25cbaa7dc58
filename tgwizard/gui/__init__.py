"""The window: the only package that imports PySide6. It talks to `tgwizard.engine` and `tgwizard.model` alone."""
