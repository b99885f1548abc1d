"""NVIDIA GPUs: what there is on this machine."""
