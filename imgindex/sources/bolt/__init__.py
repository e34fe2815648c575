"""Reading BoltDB files, which containerd and others keep their records in, without ever opening one for writing."""
