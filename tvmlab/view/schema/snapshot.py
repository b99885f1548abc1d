"""Everything a lab shows, and the answer to a request that was refused."""

from __future__ import annotations

from typing import Literal, TypedDict

from tvmlab.view.schema.branches import BranchesView
from tvmlab.view.schema.code import CodeView
from tvmlab.view.schema.explain import ExplainView
from tvmlab.view.schema.gpu import GpuView
from tvmlab.view.schema.learn import LearnView
from tvmlab.view.schema.locality import LocalityView
from tvmlab.view.schema.measure import MeasureView
from tvmlab.view.schema.moves import MovesView
from tvmlab.view.schema.program import ProgramView
from tvmlab.view.schema.refusal import RefusalView
from tvmlab.view.schema.trace import TraceView
from tvmlab.view.schema.tuner import TunerView


class Snapshot(TypedDict):
    """Everything a lab shows; `seq` grows with every change."""

    kind: Literal["snapshot"]
    seq: int
    name: str
    program: ProgramView
    moves: MovesView
    trace: TraceView
    branches: BranchesView
    code: CodeView
    explain: ExplainView
    measure: MeasureView
    locality: LocalityView
    gpu: GpuView
    tuner: TunerView
    learn: LearnView


class Refused(RefusalView):
    """The answer to a request that was refused: nothing changed. `place` is the pane that asked."""

    kind: Literal["refusal"]
    place: str
