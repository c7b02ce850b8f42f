"""What a check keeps for the next: the last report, and the builds and objects that it judged."""
