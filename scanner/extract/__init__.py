"""Document to content: one module per format."""
