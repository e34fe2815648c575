"""The root folder of containerd: `containerd-root:DIR`. See `source`."""
