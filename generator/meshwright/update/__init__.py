"""Upgrades a generated repository: Copier renders, git merges, nothing of the user's is lost."""
