"""Traces as HTML: a section for notebooks, a page that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from lamina.inspection.terminal import MARKS, statistics_text
from lamina.inspection.words import number

if TYPE_CHECKING:
    from lamina.inspection.trace import Stage, Trace

_MOST_CELLS = 64
_MOST_VALUES = 8

STYLE = """
.lamina { --good: #2e8b57; --watch: #b8860b; --dead: #c0392b; --line: #8884; --soft: #8882;
  font: 14px/1.45 system-ui, sans-serif; max-width: 60rem; }
.lamina h1 { font-size: 1.5rem; margin: 0 0 .2rem; } .lamina h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
.lamina h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
.lamina .verdict { padding: .5rem .8rem; border-radius: .4rem; margin: .6rem 0 1rem; color: #fff; font-weight: 600; }
.lamina .verdict.good { background: var(--good); } .lamina .verdict.watch { background: var(--watch); }
.lamina .verdict.dead { background: var(--dead); }
.lamina .stage { display: grid; grid-template-columns: 2rem 1fr auto; gap: 0 .8rem; padding: .5rem .7rem;
  border: 1px solid var(--line); border-left-width: .35rem; border-radius: .4rem; margin: 0 0 .4rem; }
.lamina .stage.good { border-left-color: var(--good); } .lamina .stage.watch { border-left-color: var(--watch); }
.lamina .stage.dead { border-left-color: var(--dead); }
.lamina .place { opacity: .6; text-align: right; } .lamina .kind, .lamina .dim { opacity: .7; }
.lamina .flow { font-variant-numeric: tabular-nums; font-weight: 600; }
.lamina .finding.watch { color: var(--watch); } .lamina .finding.dead { color: var(--dead); }
.lamina .finding { font-weight: 600; }
.lamina .strip { display: flex; height: .9rem; margin: .25rem 0; border-radius: .2rem; overflow: hidden; }
.lamina .strip i { flex: 1 1 0; max-width: 1.2rem; } .lamina svg.bars { width: 7rem; height: 2.4rem; }
.lamina table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.lamina th, .lamina td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
.lamina th:first-child, .lamina td:first-child, .lamina td.text, .lamina th.text { text-align: left; }
.lamina pre { background: var(--soft); padding: .7rem; border-radius: .4rem; overflow-x: auto; line-height: 1.25; }
.lamina figure { margin: .5rem 0; } .lamina figure svg { max-width: 100%; height: auto; }
""".strip()


def page(title: str, *sections: str) -> str:
    """Return a whole page of sections, without anything from outside."""
    body = "\n".join(sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\nbody {{ margin: 2rem auto; max-width: 62rem; padding: 0 1rem; background: #fff; color: #222; }}\n"
        f"{STYLE}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def trace_section(trace: Trace, heading: str = "h1") -> str:
    """Return a trace as HTML that can stand anywhere; it brings its style along."""
    part = "" if trace.rows == trace.rows_given else f" of {trace.rows_given:,}"
    stages = "\n".join(map(_stage, trace.stages))
    steps = "\n".join(map(_step, trace.stages))
    verdict = trace.verdict
    return (
        f"<style>{STYLE}</style>\n" * (heading == "h1") + f'<div class="lamina">\n'
        f"<{heading}>Pipeline trace of {escape(trace.model_name)}</{heading}>\n"
        f'<div class="dim">{trace.rows:,}{part} rows</div>\n'
        f'<div class="verdict {verdict.severity}">{MARKS[verdict.severity]} {escape(verdict.text)}</div>\n'
        f"{stages}\n<h3>Row {trace.row}, step by step</h3>\n"
        f"<table>\n<tr><th>stage</th><th class='text'>values</th><th>size</th></tr>\n{steps}\n</table>\n"
        f"<p>⇒ <strong>{escape(trace.prediction)}</strong></p>\n</div>"
    )


def _stage(stage: Stage) -> str:
    kind = "" if stage.kind == "data" else f' <span class="kind">{escape(stage.kind)}</span>'
    notes = [f"{stage.parameters:,} parameters"] if stage.parameters else []
    if stage.sources:
        notes.append(f"from {', '.join(stage.sources)}")
    findings = "".join(
        f'<div class="finding {one.severity}">{MARKS[one.severity]} {escape(one.text)}</div>' for one in stage.findings
    )
    return (
        f'<div class="stage {stage.severity}" style="margin-left: {1.5 * stage.depth:g}rem">'
        f'<div class="place">{stage.number}</div><div><strong>{escape(stage.name)}</strong>{kind} '
        f'<span class="flow">{escape(stage.flow)}</span> <span class="dim">{escape(", ".join(notes))}</span>'
        f"<div>{escape(stage.words)}</div>{findings}"
        f'<div class="dim">{escape(statistics_text(stage.statistics))}</div></div>{_bars(stage)}</div>'
    )


def _bars(stage: Stage) -> str:
    """Draw how the values are spread."""
    most = max(stage.statistics.histogram) or 1
    width = 100 / len(stage.statistics.histogram)
    bars = "".join(
        f'<rect x="{index * width:.2f}" y="{40 - 38 * count / most:.1f}" width="{width - 0.6:.2f}" '
        f'height="{38 * count / most:.1f}" fill="currentColor" opacity="0.55"/>'
        for index, count in enumerate(stage.statistics.histogram)
    )
    least, greatest = number(stage.statistics.least), number(stage.statistics.greatest)
    title = f"<title>from {least} to {greatest}</title>"
    return f'<svg class="bars" viewBox="0 0 100 40" preserveAspectRatio="none" role="img">{title}{bars}</svg>'


def _step(stage: Stage) -> str:
    values = "&ensp;".join(escape(number(value)) for value in stage.row[:_MOST_VALUES])
    more = "&ensp;…" if stage.row.size > _MOST_VALUES else ""
    arithmetic = f'<div class="dim">{escape(stage.arithmetic)}</div>' if stage.arithmetic else ""
    return (
        f'<tr><td>{escape(stage.name)}</td><td class="text">{_strip(stage.row)}{values}{more}{arithmetic}</td>'
        f"<td>{stage.row.size:,}</td></tr>"
    )


def _strip(row: np.ndarray) -> str:
    """Draw values as a strip of colours: red above 0, blue below, pale where there is nothing."""
    values = row[:_MOST_CELLS].astype("float64")
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    cells = "".join(f'<i style="background:{_colour(value / largest)}"></i>' for value in values)
    return f'<div class="strip">{cells}</div>'


def _colour(share: float) -> str:
    if not np.isfinite(share):
        return "#000"
    return f"rgba({'214,69,48' if share > 0 else '48,105,190'},{max(abs(share), 0.06):.2f})"
