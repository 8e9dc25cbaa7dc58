"""The settings on one page, made from their declarations in the model."""
