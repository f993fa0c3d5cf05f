"""Generators: networks, training, sampling."""
