"""Watch: the live state of a cluster."""
