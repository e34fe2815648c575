"""The tests of imgindex. A package, so that tests can import `tests.truth` and the like."""
