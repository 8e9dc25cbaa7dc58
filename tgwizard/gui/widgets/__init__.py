"""Small widgets painted from tokens, that know nothing of clusters or Azure."""
