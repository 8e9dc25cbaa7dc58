"""The wiring: the only place that knows everything."""
