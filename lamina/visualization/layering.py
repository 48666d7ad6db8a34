"""Where the boxes of a diagram stand and how the lines between them run: layered drawing of directed graphs.

After Gansner et al., 1993, "A technique for drawing directed graphs": ranks, order within the ranks and places are
found one after the other, ranks and places as the solutions of linear programs. Distances are in pixels; `across` is
the direction of a rank, `along` that of the flow, so that one code draws from top to bottom and from left to right.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from typing import NamedTuple

import numpy as np

_GAP_BETWEEN_BOXES, _GAP_BESIDE_LINES, _GAP_BETWEEN_LINES = 32.0, 22.0, 14.0
_GAP_BETWEEN_RANKS, _TRACK = 38.0, 10.0
_SWEEPS = 12
# How dear it is that a line bends: between a box and the only box before or behind it, between any two boxes, on the
# way out of a box and into one, on the way; and that a box does not stand amid those that it is connected to.
_ONLY, _BOXES, _OUT, _IN, _ON_THE_WAY, _OFF_CENTRE = 8.0, 2.0, 1.2, 1.0, 8.0, 0.3


class Line(NamedTuple):
    """A connection from one node to another; `leaves` and `enters` are distances from the nodes' starts, across."""

    source: int
    target: int
    leaves: float
    enters: float


class Leg(NamedTuple):
    """A part of a line's way from one rank to the next; where it bends, it runs across at `track`."""

    start: tuple[float, float]
    end: tuple[float, float]
    track: float


@dataclasses.dataclass
class Placement:
    """The result: `(across, along)` of each node's corner, the legs of each line, and the size of it all."""

    corners: list[tuple[float, float]]
    routes: list[list[Leg]]
    across: float
    along: float


def place(sizes: list[tuple[float, float]], lines: list[Line], entries: list[int], exits: list[int]) -> Placement:
    """Lay out a graph without cycles.

    Args:
        sizes: `(across, along)` of each node.
        lines: between nodes.
        entries: nodes that must stand before all others.
        exits: nodes that must stand behind all others.
    """
    if not sizes:
        return Placement([], [], 0.0, 0.0)
    ranks = _ranks(len(sizes), lines, entries, exits)
    chains, nodes_in, extents = _with_bends(sizes, lines, ranks)
    order = _ordered(nodes_in, chains)
    across = _places(order, chains, lines, extents, len(sizes))
    return _routed(sizes, lines, ranks, chains, order, across)


def _ranks(count: int, lines: list[Line], entries: list[int], exits: list[int]) -> list[int]:
    """Return the rank of each node, such that the lines together are as short as can be."""
    from scipy.optimize import linprog  # a fifth of a second, and only pictures need it

    ends = {*entries, *exits}
    inner = [line for line in lines if line.source not in ends and line.target not in ends]
    ranks = np.zeros(count, int)
    if inner:
        cost = np.full(count, 1e-6)  # what is connected with nothing stands at the top
        rows = np.zeros((len(inner), count))
        for row, line in zip(rows, inner):
            row[line.source], row[line.target] = 1, -1
            cost[line.source] -= 1
            cost[line.target] += 1
        solution = linprog(cost, rows, -np.ones(len(inner)), method="highs-ds")
        ranks = np.rint(solution.x).astype(int)
    body = [node for node in range(count) if node not in ends] or [0]
    first, last = min(ranks[body]), max(ranks[body])
    for node in entries:
        ranks[node] = first - 1
    for node in exits:
        ranks[node] = last + 1
    return (ranks - ranks.min()).tolist()


def _with_bends(
    sizes: list[tuple[float, float]], lines: list[Line], ranks: list[int]
) -> tuple[list[list[int]], list[list[int]], list[float]]:
    """Return for each line the nodes it visits, a bend on each rank that it passes; nodes by rank; extents across."""
    extents = [size[0] for size in sizes]
    nodes_in: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for node, rank in enumerate(ranks):
        nodes_in[rank].append(node)
    chains = []
    for line in lines:
        chain = [line.source]
        for rank in range(ranks[line.source] + 1, ranks[line.target]):
            nodes_in[rank].append(len(extents))
            chain.append(len(extents))
            extents.append(0.0)
        chains.append([*chain, line.target])
    return chains, nodes_in, extents


def _ordered(nodes_in: list[list[int]], chains: list[list[int]]) -> list[list[int]]:
    """Return the nodes of each rank in an order with few crossings: barycentres, swept down and up."""
    links = [link for chain in chains for link in itertools.pairwise(chain)]
    before: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    for a, b in links:
        before.setdefault(b, []).append(a)
        behind.setdefault(a, []).append(b)
    order = [list(rank) for rank in nodes_in]
    best, fewest = order, _crossings(order, behind)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        order = [list(rank) for rank in order]
        down = sweep % 2 == 0
        indices = range(1, len(order)) if down else range(len(order) - 2, -1, -1)
        for index in indices:
            place = {node: position for position, node in enumerate(order[index - 1 if down else index + 1])}
            order[index] = _by_barycentre(order[index], before if down else behind, place)
        crossings = _crossings(order, behind)
        if crossings < fewest:
            best, fewest = order, crossings
    return best


def _by_barycentre(rank: list[int], neighbours: dict[int, list[int]], place: dict[int, int]) -> list[int]:
    def centre(node: int, position: int) -> float:
        own = [place[other] for other in neighbours.get(node, [])]
        return sum(own) / len(own) if own else float(position)

    centres = {node: centre(node, position) for position, node in enumerate(rank)}
    return sorted(rank, key=centres.__getitem__)


def _crossings(order: list[list[int]], behind: dict[int, list[int]]) -> int:
    count = 0
    for upper, lower in itertools.pairwise(order):
        place = {node: position for position, node in enumerate(lower)}
        ends = np.array([place[b] for node in upper for b in sorted(behind.get(node, []), key=place.__getitem__)])
        starts = np.array([index for index, node in enumerate(upper) for _ in behind.get(node, [])])
        if len(ends) > 1:
            count += int(np.sum((starts[:, None] < starts) & (ends[:, None] > ends)))
    return count


def _places(
    order: list[list[int]], chains: list[list[int]], lines: list[Line], extents: list[float], boxes: int
) -> np.ndarray:
    """Return how far across each node starts, such that lines are straight and nothing overlaps."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    count = len(extents)
    gaps: list[tuple[int, int, float]] = []
    for rank in order:
        for a, b in itertools.pairwise(rank):
            bends = (a >= boxes) + (b >= boxes)
            gap = (_GAP_BETWEEN_BOXES, _GAP_BESIDE_LINES, _GAP_BETWEEN_LINES)[bends]
            gaps.append((a, b, extents[a] + gap))
    # What should be near zero, each a weighted sum of places and a constant, and how dear a pixel of it is.
    wishes: list[tuple[dict[int, float], float, float]] = []
    neighbours = collections.Counter(
        end for chain in chains if len(chain) == 2 for end in ((chain[0], "behind"), (chain[1], "before"))
    )
    above: dict[int, list[tuple[int, float, float]]] = {}
    below: dict[int, list[tuple[int, float, float]]] = {}
    for chain, line in zip(chains, lines, strict=True):
        for step, (a, b) in enumerate(itertools.pairwise(chain)):
            leaves = line.leaves if step == 0 else 0.0
            enters = line.enters if step == len(chain) - 2 else 0.0
            weight = _dear(a < boxes, b < boxes, only=neighbours[a, "behind"] == neighbours[b, "before"] == 1)
            wishes.append(({a: 1.0, b: -1.0}, leaves - enters, weight))
            below.setdefault(a, []).append((b, leaves, enters))
            above.setdefault(b, []).append((a, enters, leaves))
    for connected in (above, below):
        for node, others in connected.items():
            if len(others) > 1:
                share = {node: 1.0}
                for other, _, _ in others:
                    share[other] = share.get(other, 0.0) - 1 / len(others)
                constant = sum(own - theirs for _, own, theirs in others) / len(others)
                wishes.append((share, constant, _OFF_CENTRE))
    # Linear program: minimise the sum of |wish| (each a variable of its own, at least the wish and its negative).
    rows, columns, values, limits = [], [], [], []
    for a, b, gap in gaps:
        rows += [len(limits)] * 2
        columns += [a, b]
        values += [1.0, -1.0]
        limits.append(-gap)
    for index, (shares, constant, _) in enumerate(wishes):
        for sign in (1.0, -1.0):
            for node, share in (*shares.items(), (count + index, -sign)):
                rows.append(len(limits))
                columns.append(node)
                values.append(sign * share)
            limits.append(-sign * constant)
    if not limits:
        return np.zeros(count)
    matrix = coo_array((values, (rows, columns)), shape=(len(limits), count + len(wishes))).tocsr()
    cost = [*[1e-6] * count, *(weight for *_, weight in wishes)]
    return linprog(cost, matrix, limits, method="highs").x[:count]


def _dear(from_box: bool, to_box: bool, only: bool) -> float:
    if from_box and to_box:
        return _ONLY if only else _BOXES
    if not from_box and not to_box:
        return _ON_THE_WAY
    return _OUT if from_box else _IN


def _routed(
    sizes: list[tuple[float, float]],
    lines: list[Line],
    ranks: list[int],
    chains: list[list[int]],
    order: list[list[int]],
    across: np.ndarray,
) -> Placement:
    """Give each rank its place along the flow, with room between ranks for the lines that run across."""
    depth = [max((sizes[node][1] for node in rank if node < len(sizes)), default=0.0) for rank in order]
    rank_of = {node: index for index, rank in enumerate(order) for node in rank}
    spans: list[dict[tuple[int, float], list[float]]] = [{} for _ in order]

    def ends_across(chain: list[int], line: Line, a: int, b: int) -> tuple[float, float]:
        leaves, enters = line.leaves if a == chain[0] else 0.0, line.enters if b == chain[-1] else 0.0
        return float(across[a]) + leaves, float(across[b]) + enters

    for chain, line in zip(chains, lines, strict=True):
        for a, b in itertools.pairwise(chain):
            x1, x2 = ends_across(chain, line, a, b)
            if abs(x1 - x2) > 0.5:
                spans[rank_of[a]].setdefault((a, x1), [x1]).append(x2)
    tracks = [_tracks(span) for span in spans]
    starts, position = [], 0.0
    for index, extent in enumerate(depth):
        starts.append(position)
        used = max(tracks[index].values(), default=0)
        position += extent + _gap(sizes, order, index) + used * _TRACK
    along = starts[-1] + depth[-1]
    corners = [
        (float(across[node]), starts[ranks[node]] + (depth[ranks[node]] - sizes[node][1]) / 2)
        for node in range(len(sizes))
    ]
    routes = []
    for chain, line in zip(chains, lines, strict=True):
        legs = []
        for a, b in itertools.pairwise(chain):
            upper, lower = rank_of[a], rank_of[b]
            x1, x2 = ends_across(chain, line, a, b)
            y1 = corners[a][1] + sizes[a][1] if a == chain[0] else starts[upper] + depth[upper]
            y2 = corners[b][1] if b == chain[-1] else starts[lower]
            free = starts[lower] - starts[upper] - depth[upper]
            lanes = max(tracks[upper].values(), default=0)
            track = starts[lower] - (free - 8) / 2 - lanes * _TRACK / 2 + tracks[upper].get((a, x1), 0) * _TRACK - 4
            legs.append(Leg((float(x1), y1), (float(x2), y2), track))
        routes.append(legs)
    width = max((float(across[node]) + sizes[node][0] for node in range(len(sizes))), default=0.0)
    bends = [leg.end[0] for legs in routes for leg in legs]
    return Placement(corners, routes, max([width, *bends]), along)


def _gap(sizes: list[tuple[float, float]], order: list[list[int]], index: int) -> float:
    """Return the room behind a rank; beside the frame, where lines only enter or leave, half of it will do."""
    nearby = [*order[index], *(order[index + 1] if index + 1 < len(order) else [])]
    at_frame = any(node < len(sizes) and sizes[node] == (0.0, 0.0) for node in nearby)
    return _GAP_BETWEEN_RANKS / (2 if at_frame else 1)


def _tracks(spans: dict[tuple[int, float], list[float]]) -> dict[tuple[int, float], int]:
    """Number the lines that run across between two ranks, so that those that overlap lie apart.

    Lines to the right are nested from the right, lines to the left from the left: so they do not cross each other.
    """
    right = sorted((key for key in spans if max(spans[key]) > key[1]), key=lambda key: -key[1])
    left = sorted((key for key in spans if max(spans[key]) <= key[1]), key=lambda key: key[1])
    numbers: dict[tuple[int, float], int] = {}
    for key in (*right, *left):
        low, high = min(spans[key]), max(spans[key])
        apart = [
            numbers[other] + 1 for other in numbers if min(spans[other]) < high - 0.5 and max(spans[other]) > low + 0.5
        ]
        numbers[key] = max(apart, default=0)
    return numbers
