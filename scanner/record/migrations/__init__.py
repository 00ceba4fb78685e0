"""The versions of the store's tables, one module each, run in the order of their names."""
