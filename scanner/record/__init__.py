"""The incident store and its hash chain."""
