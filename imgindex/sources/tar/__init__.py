"""Tars as trees: `oci-archive:`, `docker-archive:`. See `root`."""
