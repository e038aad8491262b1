"""How fast pipeline and leads move, from a few counts."""


def pipeline_velocity(opportunities: int, win_rate: float, average: float, days: float) -> float | None:
    """Money a day that the open opportunities bring (METRICS V7): how many x the share won x their value / the days
    it takes. None without days to divide by."""
    return opportunities * win_rate * average / days if days > 0 else None


def lead_velocity_rate(last: int, this: int) -> float | None:
    """How much more leads qualified than the month before (METRICS V8); None after a month without any."""
    return (this - last) / last if last else None
