"""What everything else stands on: variables, the pure door, symbolic tensors, shapes, names, configurations."""
