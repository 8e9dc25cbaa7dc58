"""What the lab answers, by resource provider. Each module offers `ROUTES`, the calls it serves."""
