"""An Azure Resource Manager that lives inside the program, below the real Azure SDK."""
