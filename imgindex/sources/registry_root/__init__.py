"""The storage of a CNCF distribution registry: `registry-root:DIR`. See `source`."""
