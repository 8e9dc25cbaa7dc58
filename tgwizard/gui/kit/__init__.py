"""The components of STYLE section 6: small widgets painted from tokens, that know nothing of clusters or Azure."""
