"""Flux's own semantics: what a Kustomization builds, substitutes and applies, without a cluster."""
