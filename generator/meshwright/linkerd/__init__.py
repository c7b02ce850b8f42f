"""Facts about Linkerd: its versions, breaking changes between them, and changes that need pod restarts."""
