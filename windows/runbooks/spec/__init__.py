"""What a runbook's text means. Pure: neither Django nor a clock; `parse` reads, `resolve` puts a window's parameters in.

Surprising decision: a step's params keep their `{{ name }}` until `resolve`; the schema is tried with samples before."""

from windows.runbooks.spec.model import DATA as DATA
from windows.runbooks.spec.model import ActionSpec as ActionSpec
from windows.runbooks.spec.model import BackupCheck as BackupCheck
from windows.runbooks.spec.model import CostSpec as CostSpec
from windows.runbooks.spec.model import LeftoverSpec as LeftoverSpec
from windows.runbooks.spec.model import LoopSpec as LoopSpec
from windows.runbooks.spec.model import ParameterSpec as ParameterSpec
from windows.runbooks.spec.model import Plan as Plan
from windows.runbooks.spec.model import RunbookSpec as RunbookSpec
from windows.runbooks.spec.model import StepSpec as StepSpec
from windows.runbooks.spec.model import WatchSpec as WatchSpec
from windows.runbooks.spec.reading import parse as parse
from windows.runbooks.spec.resolving import leftovers_of as leftovers_of
from windows.runbooks.spec.resolving import resolve as resolve
from windows.texts.problems import Problem as Problem
from windows.texts.problems import SpecError as SpecError
