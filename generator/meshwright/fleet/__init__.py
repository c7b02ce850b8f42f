"""Adds clusters to a generated repository, removes them, and promotes one to another."""
