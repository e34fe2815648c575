"""The data root of a Docker engine with graph drivers: `docker-root:DIR`. See `source`."""
