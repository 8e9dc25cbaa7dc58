"""The worlds that a lab begins with, built from the files in ``resources/lab``."""
