"""What the program does: failing over, setting up, watching; without Qt, the Azure SDK or HTTP."""
