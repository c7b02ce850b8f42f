"""Validates answers, applications, objects and chart values with JSON Schema."""
