"""A repository's manifests: its files, its kustomizations, and their builds by the real kustomize."""
