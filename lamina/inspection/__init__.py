"""Looking inside: what each layer computes, for people who learn and for those who search for a fault."""

from lamina.inspection.trace import Stage, Trace, trace

__all__ = ["Stage", "Trace", "trace"]
