"""What the lab answers, by resource provider; each module's `ROUTES` are the calls that it serves."""
