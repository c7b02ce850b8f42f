"""Makes the embedded schemas of schema/kubernetes, schema/crds and schema/charts."""
