"""Pictures of a repository: its order, its mesh, its findings and its certificates."""
