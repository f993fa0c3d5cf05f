"""How near samples are to real images, from feature arrays: no network is loaded here."""
