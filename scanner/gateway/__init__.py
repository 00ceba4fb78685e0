"""The mail gateway."""
