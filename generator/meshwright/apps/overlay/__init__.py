"""An application's meshing overlay: what it patches, with which annotations, and how."""
