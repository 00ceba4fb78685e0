"""What the columns of a table are: kinds and roles by content and header."""
