"""The wing that looks: one cluster, many clusters, and the traffic to a floating IP."""
