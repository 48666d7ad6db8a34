"""Training as a compiled program: what compile chose, the step, the epoch, the loop."""
