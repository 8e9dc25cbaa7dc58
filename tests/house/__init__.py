"""Tests of the house: layers, lengths, locks, the two commands, the files at the top."""
