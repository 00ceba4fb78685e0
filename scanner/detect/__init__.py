"""Content to findings: one module per detector."""
