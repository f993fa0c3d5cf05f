"""Classifiers: networks, training, scoring."""
