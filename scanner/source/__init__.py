"""Yields documents."""
