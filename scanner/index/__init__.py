"""The exact-match index: build, open, look up, group into records."""
