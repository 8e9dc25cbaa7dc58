"""The window: the only package that imports PySide6, over `tgwizard.engine` and `tgwizard.model` alone."""
