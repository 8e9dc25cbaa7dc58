"""Tokens and sign-in: the lab's Entra ID and the slice of Microsoft Graph beside it."""
