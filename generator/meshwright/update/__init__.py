"""Updates a generated repository: Copier renders, git merges, and the user's edits are kept."""
