"""OpenCL devices: what there is on this machine."""
