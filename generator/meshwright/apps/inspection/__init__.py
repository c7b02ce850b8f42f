"""A look at an application before it joins the mesh, and after."""
