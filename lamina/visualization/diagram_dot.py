"""A diagram in the language of Graphviz, for those who have it."""

from __future__ import annotations

from lamina.visualization.diagram import Box, Diagram


def dot(diagram: Diagram, rankdir: str = "TB", splines: str = "ortho", dpi: int = 200, subgraph: bool = False) -> str:
    """Return a diagram as text in DOT.

    Args:
        diagram: what to draw.
        rankdir, splines, dpi: attributes of the graph.
        subgraph: whether to return a cluster, to be put into a graph, in the place of a graph.
    """
    settings = [f"rankdir={rankdir};", f"splines={splines};", "concentrate=true;", f"dpi={dpi};"]
    lines = [f"subgraph {_quoted('cluster_' + diagram.name)} {{" if subgraph else "digraph G {"]
    lines += [f"  label={_quoted(diagram.name)};"] if subgraph else [f"  {setting}" for setting in settings]
    lines.append('  node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica, fontsize=11];')
    lines += [f"  {line}" for line in _body(diagram, "")]
    return "\n".join([*lines, "}", ""])


def _body(diagram: Diagram, prefix: str) -> list[str]:
    lines = []
    for index, box in enumerate(diagram.boxes):
        if box.inner:
            lines.append(f"subgraph {_quoted(f'cluster_{prefix}{index}')} {{")
            lines.append(f"  label={_quoted(_label(box))};")
            lines += [f"  {line}" for line in _body(box.inner, f"{prefix}{index}_")]
            lines.append("}")
        else:
            lines.append(f"{_quoted(prefix + str(index))} [label={_quoted(_label(box))}];")
    invisible = "" if diagram.wired else " [style=invis]"
    for wire in diagram.wires:
        source = _end(diagram, wire.source, wire.output, prefix, entering=False)
        target = _end(diagram, wire.target, wire.input, prefix, entering=True)
        lines.append(f"{_quoted(source)} -> {_quoted(target)}{invisible};")
    return lines


def _end(diagram: Diagram, index: int, slot: int, prefix: str, entering: bool) -> str:
    """Return the node at which a wire ends: inside a nested model, the one that takes or gives the tensor."""
    inner = diagram.boxes[index].inner
    if inner is None:
        return f"{prefix}{index}"
    ports = inner.entries if entering else inner.exits
    return _end(inner, *ports[min(slot, len(ports) - 1)], f"{prefix}{index}_", entering)


def _label(box: Box) -> str:
    head = f"{box.name} ({box.title})" if box.name else box.title
    return "\n".join([head, *([box.call] if box.call else []), *(f"{label}: {value}" for label, value in box.rows)])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
