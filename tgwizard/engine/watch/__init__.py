"""Looks at one cluster, at many, and at the traffic to a floating IP."""
