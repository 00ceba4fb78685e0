"""Parts of the customer-list detector: tables out of segments, evidence, score."""
