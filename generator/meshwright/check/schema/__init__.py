"""Judges answers, applications, objects and chart values by JSON Schema."""
