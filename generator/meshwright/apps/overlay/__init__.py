"""An application's meshing overlay: what is patched, with what, and by which carrier."""
