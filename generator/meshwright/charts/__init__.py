"""Fetches the charts that a repository names into the cache. Nothing else fetches charts."""
