"""What a check looks at: the roots of a repository, the objects that they build, and an index over both."""
