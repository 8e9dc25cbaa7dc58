"""The Clusters page: which clusters this window knows."""
