"""Telling processes apart, dead ones from living ones."""

import os
from collections.abc import Callable
from dataclasses import replace
from subprocess import Popen

from zoomauto.host import is_alive, this_process

WHO = """
from zoomauto.host import this_process
holder = this_process()
print(holder.host, holder.realm, holder.pid, holder.pid_started, sep="|", flush=True)
input()
"""


def test_this_process_is_alive_and_always_the_same():
    assert this_process() == this_process()
    assert this_process().pid == os.getpid()
    assert is_alive(this_process()) is True


def test_another_process_is_alive_until_it_ends(python: Callable[..., Popen[str]]):
    other = python(WHO)
    assert other.stdout is not None
    host, realm, pid, started = other.stdout.readline().strip().split("|")
    holder = replace(this_process(), host=host, realm=realm, pid=int(pid), pid_started=started)

    assert (realm, is_alive(holder)) == (this_process().realm, True)
    other.communicate("\n")
    assert is_alive(holder) is False


def test_a_process_that_ended_and_was_not_collected_is_dead(python: Callable[..., Popen[str]]):
    other = python(WHO)
    assert other.stdout is not None
    started = other.stdout.readline().strip().rpartition("|")[2]
    holder = replace(this_process(), pid=other.pid, pid_started=started)
    other.kill()
    # Waits for the end without collecting the process: it stays a zombie.
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)

    assert is_alive(holder) is False
    other.communicate()


def test_a_pid_that_came_again_is_another_process():
    assert is_alive(replace(this_process(), pid_started="1")) is False


def test_a_pid_of_another_boot_or_container_or_host_says_nothing():
    assert is_alive(replace(this_process(), realm="another boot")) is None
