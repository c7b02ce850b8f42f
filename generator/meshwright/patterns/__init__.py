"""Patterns that a repository hands to its tools, read as those tools read them, in bounded time."""
