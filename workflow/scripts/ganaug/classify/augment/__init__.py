"""Augmentation of training batches on the device: each image with its own draws."""
