"""The components of gui/README.md 6: small widgets painted from tokens, that know nothing of clusters or Azure."""
