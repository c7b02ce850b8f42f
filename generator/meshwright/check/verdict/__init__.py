"""Which findings count: configuration, suppressions, baseline, and what the user selects."""
