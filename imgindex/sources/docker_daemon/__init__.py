"""A Docker engine, or podman's service, over its socket: `docker-daemon:[SOCKET]`. See `source`."""
