"""Plumbline: raw product events in, tested and published metrics out."""
