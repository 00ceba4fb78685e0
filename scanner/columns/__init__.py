"""What the columns of a table are, told from their cells and headers."""
