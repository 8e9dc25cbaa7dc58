"""Pytest plugins that watch every test: what it leaves behind, what it logs, where it writes."""
