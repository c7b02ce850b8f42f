"""Applications: generates each application's overlay and wiring from its mesh.yaml."""
