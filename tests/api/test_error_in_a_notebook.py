"""A mistake in a notebook ends in a sentence, with the user's own line and no frames of ours."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

import tvmlab as t


@pytest.fixture
def shell() -> InteractiveShell:
    """IPython's shell as a kernel has it, without its history or colours."""
    return InteractiveShell(colors="nocolor")


def test_a_mistake_is_a_sentence_and_the_line_that_made_it(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("import tvmlab as t\ndef show(x):\n    return t.create_schedule(x)\nshow(42)")
    said = capsys.readouterr().out
    assert "return t.create_schedule(x)" in said
    assert "ExpressionError: 42 is not a tensor" in said
    assert "as_outputs" not in said
    assert len(said.splitlines()) <= 3


def test_a_defect_of_ours_keeps_its_frames() -> None:
    with pytest.raises(t.errors.VerifyError) as caught:
        raise t.errors.VerifyError("a loop without a body")
    assert "Traceback" in caught.value._render_traceback_()[0]
