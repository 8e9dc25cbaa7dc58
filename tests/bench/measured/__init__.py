"""What the benchmarks share: stages to measure on, the peer, the reading of the lab's truth, and the printing."""
