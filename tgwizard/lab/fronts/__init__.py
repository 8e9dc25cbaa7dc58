"""The two ways into a lab: in this process, and over TLS on the loopback address."""
