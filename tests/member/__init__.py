"""Tests of what the member agent uses of its machine."""
