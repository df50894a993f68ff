"""mnlab: computer networking on real kernels, recorded and checked."""

__version__ = "0.1.0"
