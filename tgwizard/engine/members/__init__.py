"""The member agent: two machines that keep one address on the one that can serve, without a third to ask."""
