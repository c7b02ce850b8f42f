"""Meshwright: a GitOps repository generator for the Linkerd service mesh, with an offline checker."""

__version__ = "0.1.0"
