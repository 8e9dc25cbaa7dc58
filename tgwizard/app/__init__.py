"""Wiring: the only place that knows everything. It builds ``Services`` from the adapters and hands it to window and commands."""
