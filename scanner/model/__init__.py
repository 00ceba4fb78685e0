"""The nouns of leakscan: frozen dataclasses and the exception tree. Imports nothing of ours."""
