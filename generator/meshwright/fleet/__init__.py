"""Adds clusters to a generated repository, and removes them."""
