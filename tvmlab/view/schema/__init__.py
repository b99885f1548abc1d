"""What a lab shows, as plain data: the one description that every screen draws from.

One module a pane; `extension/src/schema/` mirrors these classes by name and field. Times are in
seconds, rates in the unit their name says, shares are fractions of 1.
"""

from tvmlab.view.schema.branches import BranchesView, BranchLine, BranchView
from tvmlab.view.schema.code import CodeKind, CodeLoop, CodeView
from tvmlab.view.schema.contributions import ContributionsView, ContributionView
from tvmlab.view.schema.explain import (
    ElsewhereView,
    ExplainView,
    FactView,
    IdeaView,
    MachineView,
    ShareView,
)
from tvmlab.view.schema.gpu import (
    AccessView,
    BarrierView,
    GpuMachineView,
    GpuView,
    KernelView,
    MappingView,
    OccupancyRow,
    TargetView,
)
from tvmlab.view.schema.kept import KeptLine, KeptStep, KeptView
from tvmlab.view.schema.learn import (
    ExerciseView,
    GradeView,
    GuessView,
    LearnView,
    MarkView,
    QuestionView,
    TaskView,
)
from tvmlab.view.schema.locality import (
    DistanceBin,
    HeatMap,
    LocalityView,
    LoopValue,
    MissRow,
)
from tvmlab.view.schema.loop import LoopRef
from tvmlab.view.schema.measure import DuelView, MeasureView, ResultView
from tvmlab.view.schema.moves import (
    ColumnView,
    FieldView,
    MovesView,
    MoveView,
    PredictionView,
    PreviewView,
    StepView,
    TimedView,
)
from tvmlab.view.schema.overlay import OverlayKind, OverlayMark
from tvmlab.view.schema.program import GoneLine, LineView, ProgramView, Token
from tvmlab.view.schema.refusal import RefusalView
from tvmlab.view.schema.roofline import CeilingView, RooflineView, TrailPoint
from tvmlab.view.schema.snapshot import Refused, Snapshot
from tvmlab.view.schema.trace import HoleView, PastView, TraceLine, TraceView
from tvmlab.view.schema.tuner import (
    BatchPoint,
    ExplanationView,
    Point,
    ReasonView,
    RunView,
    TrialView,
    TunerView,
)
from tvmlab.view.schema.waterfall import PriceView, WaterfallView

__all__ = [
    "AccessView",
    "BarrierView",
    "GpuMachineView",
    "GpuView",
    "KernelView",
    "MappingView",
    "OccupancyRow",
    "PastView",
    "BatchPoint",
    "ElsewhereView",
    "ExplainView",
    "FactView",
    "IdeaView",
    "MachineView",
    "ShareView",
    "BranchesView",
    "BranchLine",
    "BranchView",
    "CeilingView",
    "CodeKind",
    "CodeLoop",
    "CodeView",
    "DistanceBin",
    "ColumnView",
    "ContributionView",
    "ContributionsView",
    "DuelView",
    "ExplanationView",
    "ExerciseView",
    "FieldView",
    "GoneLine",
    "HeatMap",
    "GradeView",
    "GuessView",
    "HoleView",
    "KeptLine",
    "KeptStep",
    "KeptView",
    "LearnView",
    "LineView",
    "LocalityView",
    "LoopRef",
    "LoopValue",
    "MarkView",
    "MeasureView",
    "MissRow",
    "MovesView",
    "MoveView",
    "OverlayKind",
    "OverlayMark",
    "Point",
    "PredictionView",
    "PreviewView",
    "PriceView",
    "ProgramView",
    "ReasonView",
    "QuestionView",
    "RefusalView",
    "Refused",
    "ResultView",
    "RooflineView",
    "RunView",
    "Snapshot",
    "StepView",
    "TargetView",
    "TaskView",
    "TimedView",
    "Token",
    "TraceLine",
    "TraceView",
    "TrailPoint",
    "TrialView",
    "TunerView",
    "WaterfallView",
]
