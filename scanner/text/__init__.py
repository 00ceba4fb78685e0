"""Pure functions on text: folding (offsets kept), keyed hashes, masking."""
