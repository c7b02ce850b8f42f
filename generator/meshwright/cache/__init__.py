"""The user's cache: where it is, what its entries depend on, and how they are read and written."""
