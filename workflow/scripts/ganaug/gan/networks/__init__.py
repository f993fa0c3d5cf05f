"""One file a family: a module with the functions that `ganaug.gan.networks.family.Family` lists."""
