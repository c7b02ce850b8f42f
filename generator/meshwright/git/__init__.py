"""The one door to git: nothing else in the package runs it or reads what it prints."""
