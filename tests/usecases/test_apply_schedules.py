"""What binds jobs to a scheduler backend, on a real store with a backend in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from zoomauto.domain.application import Application, zone_rules
from zoomauto.domain.entry import Piece
from zoomauto.domain.invocation import Invocation, Obstacle
from zoomauto.domain.job import Job
from zoomauto.domain.job_change import JobChange
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.errors import (
    ConfigurationError,
    NotFound,
    TemporaryError,
    UsageError,
)
from zoomauto.ports.scheduler import Availability
from zoomauto.testing.scheduler import FakeScheduler, FakeSchedulers
from zoomauto.usecases.apply_schedules import (
    Applied,
    ApplyRequest,
    ApplySchedules,
    Outcome,
    RefreshEntries,
    UpdateEntries,
)
from zoomauto.usecases.choose_backend import Backend, Choice, ChooseBackend
from zoomauto.usecases.edit_jobs import DeleteJob, UpdateJob
from zoomauto.usecases.plan_entries import EntryPlan, PlanEntries
from zoomauto.usecases.probe_schedule import ProbeSchedule
from zoomauto.usecases.remove_schedules import RemoveSchedules
from zoomauto.usecases.restore_backup import RestoreBackup
from zoomauto.usecases.show_schedules import EntryState, ShowSchedules

OWNER = "ann"
HOST = "here"
WORDS = ("/usr/bin/zoomauto", "--owner", OWNER)
BERLIN = "Europe/Berlin"
#: Five years of 366 days after midnight in Berlin, which is a day earlier in UTC.
UNTIL = "2031-03-13"
NET = "hourly: /usr/bin/zoomauto --owner ann run --due\n"
COMMAND = "/usr/bin/zoomauto --owner ann run daily --scheduled"
DAILY = f"every day at 06:00 (UTC), to {UNTIL}: {COMMAND}\n"


@dataclass(kw_only=True)
class Desk:
    """One host with a crontab and a systemd in memory."""

    world: Any
    crontab: FakeScheduler
    systemd: FakeScheduler
    host: str = HOST
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def choose(self) -> ChooseBackend:
        backends = {"crontab": self.crontab, "systemd": self.systemd}
        backends["systemd system"] = self.systemd
        schedulers = FakeSchedulers(backends=backends)
        return ChooseBackend(store=self.world.store, schedulers=schedulers, host=self.host)

    @property
    def plan(self) -> PlanEntries:
        return PlanEntries(
            store=self.world.store,
            clock=self.world.clock,
            choose=self.choose,
            invocation=lambda _: Invocation(words=WORDS, obstacles=self.obstacles),
            host_timezone=BERLIN,
        )

    @property
    def applier(self) -> ApplySchedules:
        world = self.world
        return ApplySchedules(store=world.store, clock=world.clock, plan=self.plan, host=self.host)

    def apply(self, backend: str = "auto", **request: Any) -> Applied:
        return self.applier(OWNER, ApplyRequest(choice=Choice(backend=backend), **request))

    def update(self, without: Sequence[str] = ()) -> tuple[str, ...]:
        return UpdateEntries(apply=self.applier)(OWNER, without=without)

    def refresh(self) -> str | None:
        return RefreshEntries(update=UpdateEntries(apply=self.applier), owner=OWNER)()

    def planned(self, backend: str = "auto", scope: str | None = None) -> EntryPlan:
        return self.plan(OWNER, Choice(backend=backend, scope=scope))

    def chosen(self, backend: str = "auto", scope: str | None = None) -> Backend:
        return self.choose(OWNER, Choice(backend=backend, scope=scope))

    def states(self) -> dict[str | None, str]:
        shown = ShowSchedules(clock=self.world.clock, plan=self.plan)(OWNER, Choice())
        entries = (*shown.jobs, shown.safety_net)
        return {entry.slug: str(entry.state) for entry in entries}

    def change_job(self, name: str = "Daily", **change: Any) -> Job:
        world = self.world
        update = UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)
        return update(OWNER, name, JobChange(**change)).job

    def applications(self) -> list[Application]:
        with self.world.store.reading() as tx:
            return list(tx.applications.list(OWNER, host=self.host))

    def texts(self) -> dict[str, str]:
        return {name: piece.text for name, piece in self.crontab.held.items()}


@pytest.fixture
def desk(world: Any) -> Desk:
    """One daily job; nothing applied yet."""
    return Desk(
        world=world,
        crontab=FakeScheduler(clock=world.clock),
        systemd=FakeScheduler(clock=world.clock),
    )


def at(hour: int, timezone: str = "UTC") -> TimeOfDay:
    return TimeOfDay(time=time(hour), timezone=timezone)


def test_applying_installs_every_active_job_and_the_safety_net(desk: Desk):
    desk.world.add_job("Switched off", is_active=False)
    applied = desk.apply("crontab")

    assert applied.outcome is Outcome.APPLIED
    assert desk.texts() == {"daily": DAILY, "due": NET}


def test_applying_is_remembered_for_this_host_and_backend(desk: Desk):
    desk.apply("crontab")

    midnight = datetime(2026, 3, 9, 23, tzinfo=UTC)
    until = midnight + timedelta(days=5 * 366)
    assert desk.applications() == [
        Application(
            host=HOST,
            owner=OWNER,
            backend="crontab",
            scope="user",
            applied_at=desk.world.clock.now(),
            start_at=midnight,
            until=until,
            zone_rules=zone_rules(("UTC", BERLIN), midnight, until),
        )
    ]
    desk.host = "elsewhere"
    assert desk.applications() == []


def test_applying_twice_changes_nothing_days_later_either(desk: Desk):
    desk.apply("crontab")
    before = desk.texts()
    desk.world.clock.sleep(timedelta(days=40))
    again = desk.apply()

    assert (again.outcome, again.plan.is_in_sync) == (Outcome.UNCHANGED, True)
    assert desk.texts() == before
    assert len(desk.crontab.before) == 1


def test_a_changed_job_is_computed_from_today_on(desk: Desk):
    desk.apply("crontab")
    desk.world.clock.sleep(timedelta(days=10))
    desk.change_job(schedule=at(7))
    planned = desk.planned()

    new = DAILY.replace("06:00", "07:00").replace(UNTIL, "2031-03-23")
    assert [(old.text, piece.text) for old, piece in planned.drift.changed] == [(DAILY, new)]
    assert planned.renewal is None
    assert desk.apply().outcome is Outcome.APPLIED
    assert desk.texts() == {"daily": new, "due": NET}


def test_a_dry_run_changes_nothing(desk: Desk):
    applied = desk.apply("crontab", dry_run=True)

    assert (applied.outcome, desk.texts(), desk.applications()) == (Outcome.PLANNED, {}, [])
    assert [piece.name for piece in applied.plan.drift.added] == ["daily", "due"]
    assert applied.availability == desk.crontab.can_start


def test_entries_changed_by_hand_are_overwritten_by_force_alone(desk: Desk):
    desk.apply("crontab")
    desk.crontab.edit("daily", "mine\n")

    refused = desk.apply()
    assert (refused.outcome, refused.plan.drift.edited) == (Outcome.REFUSED, ("daily",))
    assert desk.texts()["daily"] == "mine\n"

    assert desk.apply(force=True).outcome is Outcome.APPLIED
    assert desk.texts() == {"daily": DAILY, "due": NET}


def test_an_edit_beside_the_text_is_no_sync_either(desk: Desk):
    desk.apply("crontab")
    desk.crontab.edited.add("due")

    assert not desk.planned().is_in_sync
    assert desk.apply().outcome is Outcome.REFUSED
    assert desk.apply(force=True).outcome is Outcome.APPLIED
    assert desk.planned().is_in_sync


def test_what_a_scheduler_would_not_find_is_refused_with_the_mending_command(desk: Desk):
    desk.obstacles = (Obstacle(message="the password is in a flag", hint="write it down"),)

    with pytest.raises(ConfigurationError) as refused:
        desk.apply("crontab")
    assert (refused.value.message, refused.value.hint) == (
        "the password is in a flag",
        "write it down",
    )
    assert desk.texts() == {}


def test_a_secret_from_the_environment_is_refused_where_an_active_job_needs_it(desk: Desk):
    with desk.world.store.writing() as tx:
        source = tx.sources.list(OWNER)[0]
        secret = {"client_secret": "env:ZOOM_SECRET"}
        tx.sources.replace(replace(source, secrets=secret))

    with pytest.raises(ConfigurationError, match=r"'Zoom' reads its client_secret .*env:ZOOM"):
        desk.apply("crontab")
    desk.change_job(is_active=False)
    assert desk.apply("crontab").outcome is Outcome.APPLIED


def test_a_failing_backend_leaves_nothing_remembered(desk: Desk):
    desk.crontab.failure = TemporaryError("it did not answer")

    with pytest.raises(TemporaryError, match="it did not answer"):
        desk.apply("crontab")
    assert (desk.texts(), desk.applications()) == ({}, [])


def test_what_the_backend_does_not_give_back_is_a_failure(desk: Desk):
    desk.crontab.forgets = True

    with pytest.raises(TemporaryError, match="does not hold what was just written"):
        desk.apply("crontab")
    assert desk.applications() == []


def test_lingering_is_switched_on_when_asked_for(desk: Desk):
    desk.apply("systemd")
    assert not desk.systemd.lingers
    desk.apply("systemd", lingering=True)
    assert desk.systemd.lingers


def test_who_asks_for_lingering_asks_for_systemd(desk: Desk):
    desk.systemd.can_start = unusable("lingering is off", "loginctl enable-linger ann")

    applied = desk.apply(lingering=True)
    assert (applied.plan.backend.name, desk.systemd.lingers) == ("systemd", True)


def test_a_backend_that_is_not_ready_yet_is_waited_for_but_not_for_ever(desk: Desk):
    desk.systemd.can_start = unusable("no manager yet", "loginctl enable-linger ann")
    assert desk.apply("systemd", lingering=True).outcome is Outcome.APPLIED
    assert sum(desk.world.clock.slept, timedelta()) == timedelta(seconds=10)


# Which backend


def unusable(reason: str, hint: str) -> Availability:
    return Availability(usable=False, reason=reason, hint=hint)


def test_systemd_is_taken_where_it_is_usable(desk: Desk):
    chosen = desk.chosen()
    assert (chosen.name, chosen.why) == ("systemd", "it always is")


def test_cron_is_taken_where_systemd_is_not_usable(desk: Desk):
    desk.systemd.can_start = unusable("lingering is off", "loginctl enable-linger ann")

    chosen = desk.chosen()
    assert (chosen.name, chosen.why) == ("crontab", "it always is; not systemd: lingering is off")


def test_without_any_both_mending_commands_are_named(desk: Desk):
    desk.systemd.can_start = unusable("lingering is off", "loginctl enable-linger ann")
    desk.crontab.can_start = unusable("no cron daemon is running", "service cron start")

    with pytest.raises(ConfigurationError) as refused:
        desk.chosen()
    assert refused.value.message == (
        "nothing here would start jobs: not systemd: lingering is off; not crontab: no cron daemon"
        " is running"
    )
    assert refused.value.hint == "loginctl enable-linger ann; or service cron start"


def test_what_was_applied_before_wins_over_a_new_guess(desk: Desk):
    desk.apply("crontab")
    chosen = desk.chosen()

    assert (chosen.name, chosen.why) == (
        "crontab",
        "entries were applied through it on 2026-03-10",
    )
    desk.host = "elsewhere"
    assert desk.chosen().name == "systemd"


def test_of_two_applied_backends_the_newer_is_meant_and_the_other_named(desk: Desk):
    desk.apply("crontab")
    desk.world.clock.sleep(timedelta(days=1))
    desk.apply("systemd")
    chosen = desk.chosen()

    crontab = Choice(backend="crontab", scope="user")
    assert (chosen.name, chosen.others) == ("systemd", (crontab,))


def test_a_backend_that_was_asked_for_is_taken_usable_or_not(desk: Desk):
    desk.crontab.can_start = unusable("no cron daemon is running", "service cron start")

    assert desk.chosen("crontab").why == "it was asked for"
    applied = desk.apply("crontab")
    assert (applied.outcome, applied.availability) == (Outcome.APPLIED, desk.crontab.can_start)
    with pytest.raises(NotFound):
        desk.chosen("anacron")


def test_only_systemd_has_entries_of_the_system(desk: Desk):
    chosen = desk.chosen(scope="system")
    assert (chosen.name, chosen.scope) == ("systemd", "system")
    with pytest.raises(UsageError):
        desk.chosen("crontab", "system")


# When jobs and rules change


def test_a_change_of_a_job_is_followed_only_where_entries_were_applied(desk: Desk):
    desk.change_job(schedule=at(7))
    assert (desk.update(), desk.texts()) == ((), {})

    desk.apply("crontab")
    desk.change_job(schedule=at(8))
    assert desk.update() == ("crontab",)
    assert desk.texts()["daily"] == DAILY.replace("06:00", "08:00")
    assert desk.update() == ()


def test_a_job_to_be_deleted_loses_its_entry_first(desk: Desk):
    desk.apply("crontab")
    assert desk.update(without=["daily"]) == ("crontab",)
    assert desk.texts() == {"due": NET}

    DeleteJob(store=desk.world.store)(OWNER, "Daily")
    assert desk.update() == ()


def test_a_change_does_not_overwrite_what_hands_have_changed(desk: Desk):
    desk.apply("crontab")
    desk.crontab.edit("due", "mine\n")
    desk.change_job(schedule=at(7))

    with pytest.raises(UsageError, match="due in crontab was changed by hand"):
        desk.update()
    assert desk.texts() == {"daily": DAILY, "due": "mine\n"}


def test_refreshing_brings_what_another_host_has_changed_and_is_silent(desk: Desk):
    desk.apply("crontab")
    desk.change_job(schedule=at(9))

    assert desk.refresh() is None
    assert desk.texts()["daily"] == DAILY.replace("06:00", "09:00")


def test_refreshing_tells_what_it_leaves_alone(desk: Desk):
    desk.apply("crontab")
    desk.crontab.edit("daily", "mine\n")

    assert desk.refresh() == (
        "the entries on this host are left as they are: daily in crontab was changed by hand"
        " (hint: zoomauto schedule diff, then zoomauto schedule apply --force)"
    )
    assert desk.texts()["daily"] == "mine\n"


def test_a_horizon_of_less_than_a_year_is_renewed(desk: Desk):
    desk.apply("crontab")
    desk.world.clock.sleep(timedelta(days=4 * 366 - 1))
    assert desk.planned().renewal is None

    desk.world.clock.sleep(timedelta(days=1))
    assert desk.planned().renewal == f"entries were computed to {UNTIL} only"
    assert desk.states() == {"daily": "stale", None: "in_sync"}
    assert desk.refresh() is None
    assert desk.texts()["daily"] == DAILY.replace(UNTIL, "2035-03-16")
    assert desk.planned().is_in_sync


def test_changed_rules_of_a_zone_renew_the_entries(desk: Desk):
    desk.change_job(schedule=at(6, "Asia/Tokyo"))
    desk.apply("crontab")
    [application] = desk.applications()
    rules = dict(application.zone_rules) | {"Asia/Tokyo": "as they were"}
    with desk.world.store.writing() as tx:
        tx.applications.save(replace(application, zone_rules=rules))
    desk.world.clock.sleep(timedelta(days=3))

    assert desk.planned().renewal == "the rules of Asia/Tokyo have changed"
    assert desk.states()["daily"] == EntryState.STALE
    assert desk.refresh() is None
    assert desk.planned().renewal is None


def test_changed_rules_that_change_no_entry_are_told_once(desk: Desk):
    desk.apply("crontab")
    [application] = desk.applications()
    rules = dict(application.zone_rules) | {"UTC": "as they were"}
    with desk.world.store.writing() as tx:
        tx.applications.save(replace(application, zone_rules=rules))
    assert desk.planned().renewal == "the rules of UTC have changed"

    assert desk.refresh() is None
    assert desk.planned().renewal is None


def test_a_job_in_a_new_zone_is_no_change_of_rules(desk: Desk):
    desk.apply("crontab")
    desk.change_job(schedule=at(6, "Asia/Tokyo"))

    assert desk.planned().renewal is None
    assert desk.states()["daily"] == EntryState.OUTDATED


# How it stands


def test_each_way_in_which_entries_can_stand_is_told(desk: Desk):
    for name in ("Missing", "Edited", "Outdated", "Off"):
        desk.world.add_job(name, schedule=at(6))
    desk.apply("crontab")
    gone = Piece(name="gone", job="gone", text="run gone\n")
    desk.crontab.held["gone"] = gone
    del desk.crontab.held["missing"]
    desk.crontab.edit("edited", "mine\n")
    desk.change_job("Outdated", schedule=at(7))
    desk.change_job("Off", is_active=False)
    # Days later what is written anew names another end; that alone makes nothing outdated.
    desk.world.clock.sleep(timedelta(days=9))

    assert desk.states() == {
        "daily": "in_sync",
        "missing": "missing",
        "edited": "edited",
        "outdated": "outdated",
        "off": "orphaned",
        "gone": "orphaned",
        None: "in_sync",
    }


def test_what_was_never_applied_is_missing(desk: Desk):
    assert desk.states() == {"daily": "missing", None: "missing"}


def test_entries_of_which_a_part_is_gone_are_missing(desk: Desk):
    desk.apply("crontab")
    desk.crontab.held["rest"] = Piece(name="rest", job="daily", text="of two\n")
    del desk.crontab.held["daily"]

    assert desk.states()["daily"] == "missing"


def test_status_has_the_next_start_by_the_backends_own_word(desk: Desk):
    desk.apply("crontab")
    shown = ShowSchedules(clock=desk.world.clock, plan=desk.plan)(OWNER, Choice())
    [daily] = shown.jobs

    six = datetime(2026, 3, 11, 6, tzinfo=UTC)
    assert (daily.next_start_at, daily.next_run_at) == (six, six)
    assert (daily.is_wanted, daily.is_installed, daily.state) == (True, True, "in_sync")


# Away again


def remove(desk: Desk, **more: Any) -> tuple[str, ...]:
    removing = RemoveSchedules(store=desk.world.store, choose=desk.choose)
    return removing(OWNER, Choice(backend="crontab"), **more).taken


def test_removing_leaves_nothing_and_forgets_the_application(desk: Desk):
    desk.apply("crontab")

    assert remove(desk, dry_run=True) == ("daily", "due")
    assert desk.texts() != {}
    assert remove(desk) == ("daily", "due")
    assert (desk.texts(), desk.applications()) == ({}, [])
    assert remove(desk) == ()


def test_what_comes_back_while_it_is_removed_is_a_failure(desk: Desk):
    desk.apply("crontab")
    desk.crontab.forgets = True

    with pytest.raises(TemporaryError, match="daily, due came back"):
        remove(desk)
    assert len(desk.applications()) == 1


def test_a_probe_starts_the_dry_run_of_a_job_as_its_entry_would(desk: Desk):
    probe = ProbeSchedule(
        store=desk.world.store,
        choose=desk.choose,
        invocation=lambda _: Invocation(words=WORDS),
    )
    probed = probe(OWNER, Choice(backend="crontab"), "Daily")
    assert probed.command == (*WORDS, "run", "daily", "--dry-run")
    assert (probed.probe.fired, probed.probe.at) == (True, desk.world.clock.now())

    assert probe(OWNER, Choice(backend="crontab")).command == (*WORDS, "job", "list")
    assert [command[-2:] for command in desk.crontab.probed] == [
        ("daily", "--dry-run"),
        ("job", "list"),
    ]


def test_a_backup_is_found_by_name_or_path_and_the_newest_without(desk: Desk):
    restore = RestoreBackup(choose=desk.choose)
    with pytest.raises(NotFound, match="there is no backup"):
        restore(OWNER, Choice(backend="crontab"))
    desk.apply("crontab")
    desk.change_job(is_active=False)
    desk.apply("crontab")

    newest = restore(OWNER, Choice(backend="crontab"), dry_run=True)
    assert (str(newest.backup), newest.diff) == ("/backups/1", ("+daily",))
    assert desk.texts() == {"due": NET}
    with pytest.raises(NotFound, match="'5'"):
        restore(OWNER, Choice(backend="crontab"), "5")
    assert restore(OWNER, Choice(backend="crontab"), "/backups/0").diff == ("-due",)
    assert desk.texts() == {}
