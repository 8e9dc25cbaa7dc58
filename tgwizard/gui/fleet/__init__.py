"""The Clusters page: every saved cluster in one table, problems first."""
