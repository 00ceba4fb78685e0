"""Entities: recognisers as data, and Presidio's analyzer compiled. Presidio is imported lazily."""
