"""The user's cache: where it is, what its entries stand on, and how they are read and written."""
