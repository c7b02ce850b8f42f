"""The mesh's trust: who signs whom, what ends when, and how an anchor is replaced."""
