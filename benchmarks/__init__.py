"""How fast lamina is, beside its peers: ``python -m benchmarks`` (see README.md in this folder)."""
