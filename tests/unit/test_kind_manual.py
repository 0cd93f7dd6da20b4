"""The `manual` kind asks a person and does nothing else."""

import pytest
from pydantic import ValidationError

from tests.kind_context import FakeContext
from windows.actions.kinds import manual
from windows.actions.outcomes import AwaitHuman


def test_it_asks() -> None:
    assert manual.run(manual.Params(prompt="Is the rack lit?"), FakeContext()) == AwaitHuman("Is the rack lit?")
    with pytest.raises(ValidationError):
        manual.Params(prompt="")
