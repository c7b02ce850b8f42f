"""Patterns in a repository's files, matched as its tools match them, in bounded time."""
