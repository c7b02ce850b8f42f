"""Applications: how each joins the mesh, from its mesh.yaml to what the engine applies."""
