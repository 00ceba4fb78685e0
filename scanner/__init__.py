"""leakscan: finds customer-list content and flags potential disclosures."""

__version__ = "0.1.0"
