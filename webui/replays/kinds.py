"""The jobs that there are."""

from collections.abc import Mapping
from typing import Final

from webui.background import Kind
from webui.replays import backtest, suggestions

KINDS: Final[Mapping[str, Kind]] = {
    backtest.KIND: backtest.run_backtest,
    suggestions.KIND: suggestions.run_suggestions,
}
