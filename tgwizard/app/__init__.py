"""Wiring: the only place that knows everything. It builds ``Services`` and hands it to window and commands."""
