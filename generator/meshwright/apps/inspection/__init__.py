"""Inspects applications: what to consider before they join the mesh, and their status afterwards."""
