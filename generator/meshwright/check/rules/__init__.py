"""Rules: faults that fail silently on a cluster, found in the files."""
