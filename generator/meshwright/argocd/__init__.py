"""Argo CD: which Applications a repository holds, what they build, and what their projects allow."""
