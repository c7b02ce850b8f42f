"""Argo CD: which Applications a repository contains, what they build, and what their projects permit."""
