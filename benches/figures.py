"""Figures: what was measured against whom, and whether the goal was met."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Figure:
    """A goal is "<=R" (ours is at most R of theirs), ">=R" (theirs is R times ours) or "-"."""

    name: str
    chain: str
    ours: float
    theirs: float
    opponent: str
    unit: str
    goal: str

    @property
    def ratio(self) -> float:
        """As the goal counts it: how much of theirs for "<=", how many times cheaper otherwise."""
        return self.ours / self.theirs if self.goal.startswith("<=") else self.theirs / self.ours

    @property
    def met(self) -> bool | None:
        """None where nothing was asked."""
        if self.goal == "-":
            return None
        bound = float(self.goal[2:])
        return self.ratio <= bound if self.goal.startswith("<=") else self.ratio >= bound

    @staticmethod
    def from_line(line: str) -> "Figure":
        """As measure.c prints it."""
        name, chain, ours, theirs, opponent, unit, goal = line.split("\t")
        return Figure(name, chain, float(ours), float(theirs), opponent, unit, goal)

    def row(self) -> list[str]:
        met = {None: "", True: "met", False: "MISSED"}[self.met]
        numbers = [short(self.ours), short(self.theirs)]
        ratio = f"{self.ratio:.2f}"
        return [self.name, self.chain, *numbers, self.unit, self.opponent, ratio, self.goal, met]


def short(number: float) -> str:
    """Four digits will do."""
    return f"{number:.4g}" if number < 1000 else f"{number:.0f}"


HEAD = ["figure", "chain", "ours", "theirs", "unit", "opponent", "ratio", "goal", ""]


def table(figures: list[Figure]) -> str:
    """Columns as wide as they must be."""
    rows = [HEAD] + [figure.row() for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def write(figures: list[Figure], path: Path) -> None:
    """For programs."""
    rows = [asdict(figure) | {"ratio": figure.ratio, "met": figure.met} for figure in figures]
    path.write_text(json.dumps(rows, indent=1) + "\n")
