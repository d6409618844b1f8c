"""The composition root of what binds jobs to scheduler backends."""

import os
from dataclasses import dataclass
from functools import cached_property, partial

from zoomauto.adapters import RegisteredSchedulers
from zoomauto.clock import SystemClock
from zoomauto.domain.invocation import Invocation
from zoomauto.host import host_id, host_timezone
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store
from zoomauto.program import invocation
from zoomauto.settings import Settings
from zoomauto.usecases.apply_schedules import ApplySchedules, RefreshEntries, UpdateEntries
from zoomauto.usecases.choose_backend import ChooseBackend
from zoomauto.usecases.plan_entries import PlanEntries
from zoomauto.usecases.probe_schedule import ProbeSchedule
from zoomauto.usecases.remove_schedules import RemoveSchedules
from zoomauto.usecases.render_schedules import RenderSchedules
from zoomauto.usecases.restore_backup import RestoreBackup
from zoomauto.usecases.show_schedules import ShowSchedules


def render_schedules(settings: Settings, clock: Clock = SystemClock()) -> RenderSchedules:
    """Render text; a database is needed for saved jobs alone."""
    return RenderSchedules(
        clock=clock,
        schedulers=_schedulers(settings, clock),
        invocation=partial(_invocation, settings),
        host_timezone=host_timezone(),
    )


def _schedulers(settings: Settings, clock: Clock) -> RegisteredSchedulers:
    return RegisteredSchedulers(
        state_folder=settings.state_folder, clock=clock, host_timezone=host_timezone()
    )


def _invocation(settings: Settings, scope: str) -> Invocation:
    return invocation(settings, os.environ, scope=scope)


@dataclass(frozen=True, kw_only=True)
class ScheduleFactories:
    """One small factory per use case."""

    settings: Settings
    store: Store
    clock: Clock

    @cached_property
    def choose(self) -> ChooseBackend:
        return ChooseBackend(
            store=self.store, schedulers=_schedulers(self.settings, self.clock), host=host_id()
        )

    @cached_property
    def plan(self) -> PlanEntries:
        return PlanEntries(
            store=self.store,
            clock=self.clock,
            choose=self.choose,
            invocation=partial(_invocation, self.settings),
            host_timezone=host_timezone(),
        )

    def apply(self) -> ApplySchedules:
        return ApplySchedules(store=self.store, clock=self.clock, plan=self.plan, host=host_id())

    def update(self) -> UpdateEntries:
        return UpdateEntries(apply=self.apply())

    def refresh(self, owner: str) -> RefreshEntries:
        return RefreshEntries(update=self.update(), owner=owner)

    def show(self) -> ShowSchedules:
        return ShowSchedules(clock=self.clock, plan=self.plan)

    def remove(self) -> RemoveSchedules:
        return RemoveSchedules(store=self.store, choose=self.choose)

    def probe(self) -> ProbeSchedule:
        return ProbeSchedule(
            store=self.store, choose=self.choose, invocation=partial(_invocation, self.settings)
        )

    def restore(self) -> RestoreBackup:
        return RestoreBackup(choose=self.choose)
