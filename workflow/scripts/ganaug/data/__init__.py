"""From a source of labelled images to image sets with a sealed test set."""
