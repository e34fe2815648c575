"""imgindex: a SQL-queryable metadata index of container images."""

__version__ = "0.1.0"
