"""The model of a repository: its roots, the objects that they build, and an index of both."""
