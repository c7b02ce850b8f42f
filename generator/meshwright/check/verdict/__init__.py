"""Which findings count: configuration, suppressions, baseline, and the user's selection."""
