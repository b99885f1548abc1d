"""The parts of a lab, in the order in which a snapshot names them."""

from tvmlab.view.parts.branches import BranchesPart
from tvmlab.view.parts.code import CodePart
from tvmlab.view.parts.explain import ExplainPart
from tvmlab.view.parts.gpu import GpuPart
from tvmlab.view.parts.learn import LearnPart
from tvmlab.view.parts.locality import LocalityPart
from tvmlab.view.parts.measure import MeasurePart
from tvmlab.view.parts.moves import MovesPart
from tvmlab.view.parts.part import Part
from tvmlab.view.parts.program import ProgramPart
from tvmlab.view.parts.trace import TracePart
from tvmlab.view.parts.tuner import TunerPart

PARTS: tuple[type[Part], ...] = (
    ProgramPart,
    MovesPart,
    TracePart,
    BranchesPart,
    CodePart,
    ExplainPart,
    MeasurePart,
    LocalityPart,
    GpuPart,
    TunerPart,
    LearnPart,
)

__all__ = ["PARTS", "Part", "TunerPart"]
