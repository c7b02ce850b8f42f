"""A repository's manifests: its files, its kustomizations, and what the real kustomize makes of them."""
