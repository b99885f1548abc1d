"""Kernels as text in languages of C's family, and their launching: what GPU targets share."""
