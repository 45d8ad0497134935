"""Mixed traffic at 70 % of the peak, shortened; `python -m benchmarks.soak` holds it for half an hour."""

from pathlib import Path

from benchmarks.soak import soak


def test_mixed_traffic_meets_no_error(tmp_path: Path) -> None:
    peak, (span,), errors = soak(1, 0.7, tmp_path / "soak.db", seconds=4.0)
    assert errors.total() == 0, errors
    assert span.requests > peak * 0.7 * 4 / 2
