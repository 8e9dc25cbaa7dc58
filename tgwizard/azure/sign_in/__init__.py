"""The ways to sign in, and the engine's port for them."""
