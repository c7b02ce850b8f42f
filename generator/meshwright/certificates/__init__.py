"""Certificates as Linkerd reads and judges them: PEM, X.509, paths to a trust anchor."""
