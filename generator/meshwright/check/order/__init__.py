"""The startup order of a repository, and where the engine does not guarantee it."""
