"""The caches of a check: the last report, earlier builds, and objects that were valid."""
