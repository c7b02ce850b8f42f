"""The mesh's certificates: who signs them, when they expire, and how to replace a trust anchor."""
