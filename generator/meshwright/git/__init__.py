"""The only package that runs git and parses its output."""
