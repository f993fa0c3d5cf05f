"""ganaug: does GAN augmentation improve a classifier, and is the difference real?"""
