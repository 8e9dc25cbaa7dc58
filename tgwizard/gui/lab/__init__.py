"""The lab page: scenario, latency, faults and power switches of the embedded Azure, and the truth of its data plane."""
