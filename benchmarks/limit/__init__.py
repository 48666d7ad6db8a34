"""A training run written by hand in JAX, free of any library: the limit that lamina is held against.

It shares no code with lamina on purpose: what lamina finds is compared with what the same mathematics can do, written
for one model at a time. The formulations are those that measured best on a CPU inside a compiled loop.
"""
