"""Incidents to a file: one module per report."""
