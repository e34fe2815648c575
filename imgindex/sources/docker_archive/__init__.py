"""What `docker save` writes: `docker-archive:FILE`. See `source`."""
