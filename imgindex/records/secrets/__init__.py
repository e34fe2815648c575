"""What secrets look like, and where they stand in a text. It finds them; `records.redact` takes them out."""
