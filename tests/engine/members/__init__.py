"""Tests of the member agent."""
