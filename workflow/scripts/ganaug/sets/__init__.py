"""Training sets: what each arm adds to the real images."""
