"""The same as numpy's own."""

import numpy as np
import pytest

from vision.ranks import quantile


@pytest.mark.parametrize("count", [1, 2, 7, 400])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8, 1.0])
def test_it_is_numpys_percentile(count: int, share: float) -> None:
    values = np.random.default_rng(count).normal(size=count)
    assert quantile(values, share) == pytest.approx(float(np.percentile(values, 100.0 * share)), abs=1e-12)


def test_shape_and_type_do_not_matter_and_nothing_is_refused() -> None:
    assert quantile(np.array([[1, 2], [3, 9]], np.uint8), 0.5) == 2.5
    with pytest.raises(ValueError, match="values: none"):
        quantile([], 0.5)
