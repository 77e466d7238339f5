"""One look for all charts: Vega configurations for light and dark, and the colours of what is compared."""

from __future__ import annotations

from typing import Any

#: Colours of series, told apart by most colour-blind people and legible on light and dark.
PALETTE = (
    "#4269d0", "#e8890c", "#2f9e8f", "#d6457a", "#8a63d2", "#7a8b1f", "#0f8fc7",
    "#b5651d", "#6b7385", "#5aa84f", "#c46bd0", "#a88a00", "#35647e", "#e0685a",
)  # fmt: skip

_GOOD, _FAIR, _BAD, _OPEN = "#3a9d5d", "#e0a10b", "#d1495b", "#8d94a3"

#: Values that mean good or bad wherever they stand, in the order of a legend.
MEANINGS = {
    **dict.fromkeys(("accepted", "GREEN", "seen", "jobs_succeeded", "PROMOTE"), _GOOD),
    **dict.fromkeys(("KEEP",), PALETTE[0]),
    **dict.fromkeys(("YELLOW", "warn", "unplanned", "FREEZE"), _FAIR),
    **dict.fromkeys(
        ("quarantined", "RED", "reject", "jobs_failed", "failed_generations", "refunds", "HARD_KILL"), _BAD
    ),
    **dict.fromkeys(("mrr_new",), _GOOD),
    **dict.fromkeys(("mrr_expansion", "mrr_reactivation"), PALETTE[2]),
    **dict.fromkeys(("mrr_contraction",), _FAIR),
    **dict.fromkeys(("mrr_churn",), _BAD),
    **dict.fromkeys(("mrr_fx",), _OPEN),
    **dict.fromkeys(("error",), "#b86a1f"),
    **dict.fromkeys(("duplicate", "NO_DATA", "never_seen"), _OPEN),
    **dict.fromkeys(("blank",), "#c4c8d0"),
}

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans CJK SC', 'PingFang SC', sans-serif"


def _config(text: str, faint: str, grid: str, ramp: list[str]) -> dict[str, Any]:
    return {
        "background": "transparent",
        "font": FONT,
        # The table under each chart says it in words.
        "aria": False,
        "view": {"stroke": None},
        "axis": {
            "labelColor": text, "titleColor": text, "titleFontWeight": "normal",
            "labelFontSize": 11, "titleFontSize": 11, "labelPadding": 4,
            "gridColor": grid, "domainColor": faint, "tickColor": faint,
        },
        "legend": {"labelColor": text, "labelFontSize": 11, "symbolSize": 60, "padding": 0, "offset": 8},
        "text": {"color": text, "fontSize": 11},
        "line": {"strokeWidth": 2, "color": PALETTE[0]},
        "area": {"color": PALETTE[0]},
        "bar": {"color": PALETTE[0]},
        "rule": {"color": PALETTE[0]},
        "point": {"color": PALETTE[0]},
        "range": {"category": list(PALETTE), "ramp": ramp, "heatmap": ramp},
    }  # fmt: skip


CONFIGS = {
    "light": _config("#3c4350", "#aab0bb", "#e6e8ec", ["#eef3fc", "#9db8ee", "#4269d0", "#22387a"]),
    "dark": _config("#c6ccd8", "#5a6170", "#2d323c", ["#222a3d", "#33508f", "#5f8af0", "#d5e2ff"]),
}
