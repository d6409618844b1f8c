"""A stage that does as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from zoomauto.ports.stage import StageContext, StageResult


@dataclass(kw_only=True)
class FakeStage:
    """Remembers every context; does ``action``, and fails as often as ``failures`` says."""

    @dataclass(frozen=True, kw_only=True)
    class Options:
        """One option, so that tables can be tried."""

        level: int = 0

    action: Callable[[StageContext], StageResult] = lambda _: StageResult(note="nothing to do")
    failures: list[BaseException] = field(default_factory=list)
    contexts: list[StageContext] = field(default_factory=list)

    def run(self, context: StageContext) -> StageResult:
        """Fail if a failure is left, else act."""
        self.contexts.append(context)
        if self.failures:
            raise self.failures.pop(0)
        return self.action(context)
