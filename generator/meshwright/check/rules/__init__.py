"""Rules: what fails in silence on a cluster, found in the files."""
