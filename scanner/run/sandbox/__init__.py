"""Worker processes that examine documents behind closed doors, and their supervisor."""
