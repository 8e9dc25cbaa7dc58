"""What is in a subscription and what it means: machines, pairs, interfaces, addresses, network rules."""
