"""Benchmarks: programs that measure, print a table, and exit with 1 when a promise is not kept. No tests."""
