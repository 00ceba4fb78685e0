"""Finding to incident: facts, obligations, severity, similarity."""
