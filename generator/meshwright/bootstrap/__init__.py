"""Creates a new repository: where it goes, what it is rendered from, which answers, and how it is written."""
