"""The order in which an engine brings a repository up, and where that order is left to luck."""
