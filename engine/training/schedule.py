"""What follows from the share of a run that is done: the learning rate, and when to evaluate. And how the
number of steps is planned: what is left of a run is stretched or shrunk over its new steps, so the share
done, and with it the learning rate, has no jumps.

A run that is trained longer, or less long, follows the schedule of one that was planned so from the start.
Over a warm-up of the steps to come it rises, or falls, from the rate that it had reached.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.config import MOST_STEPS, TrainConfig
from engine.runs.points import Cursor, Extension, Plan

_OFF, _LEAST_OFF = 0.02, 0.1
"""How far from the plan a run may be: a share of the time asked for, and seconds. A new plan is saved,
which takes time."""
_STOOD = 5.0
_TIMES = 20
"""A step or an evaluation that takes so many seconds, and times what is usual, is one in which the machine
slept or stood still."""


def share_done(cursor: Cursor, step: int) -> float:
    """The share of the run that is done after `step`, in [0, 1]; as planned now."""
    since = cursor.plan
    if step >= cursor.total_steps:
        return 1.0
    return since.share + (1 - since.share) * (step - since.step) / (cursor.total_steps - since.step)


def learning_rate(progress: float, config: TrainConfig, peak: float) -> float:
    """The learning rate at `progress` in [0, 1]: a linear rise to `peak` over the warm-up, then half a
    cosine down to `final_lr` of it (Loshchilov & Hutter, "SGDR", 2017)."""
    if progress < config.warmup:
        return peak * progress / config.warmup
    share = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    low = config.final_lr
    return peak * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


def next_rate(cursor: Cursor, config: TrainConfig) -> float:
    """The learning rate of the next step, or of the last one if all are taken."""
    done = share_done(cursor, cursor.step + 1)
    planned = learning_rate(done, config, cursor.peak_lr)
    since = cursor.extension
    rise = config.warmup * (1 - since.share)
    if not since.step or done - since.share >= rise:
        return planned
    before = since.rate * cursor.peak_lr
    return before + (planned - before) * (done - since.share) / rise


def evaluates(cursor: Cursor, config: TrainConfig) -> bool:
    """Whether this step is one of those, evenly spread over the run, after which it is evaluated."""
    before, now = (
        math.floor(share_done(cursor, step) * config.evaluations + 1e-9)
        for step in (cursor.step - 1, cursor.step)
    )
    return now > before or cursor.step >= cursor.total_steps


def evaluate_every(cursor: Cursor, config: TrainConfig) -> int:
    """The steps from one evaluation to the next."""
    since, E = cursor.plan, config.evaluations
    left = (cursor.total_steps - since.step) / max(1 - since.share, 1 / E)
    return math.ceil(left / E)


def extend(cursor: Cursor, config: TrainConfig, total_steps: int, seconds: float = 0.0) -> None:
    """Let the run end after `total_steps`, whatever was planned; or, if `seconds` are asked for, after
    those, in about so many steps."""
    rate, share = min(next_rate(cursor, config) / cursor.peak_lr, 1.0), cursor.step / total_steps
    cursor.extension = Extension(cursor.step, rate, share)
    cursor.plan, cursor.total_steps = Plan(cursor.step, share), total_steps
    if seconds:
        end_after(cursor, seconds)


def end_after(cursor: Cursor, seconds: float) -> None:
    """Let the run end after so many more seconds of training. Its steps are planned already, and are
    planned anew (`replan`) when they turn out to take longer, or less long."""
    now = cursor.seconds
    cursor.plan = replace(cursor.plan, seconds=now, until=now + seconds, asked=seconds)


def replan(cursor: Cursor) -> bool:
    """Plan the number of steps anew if those since the last plan took longer, or less long, than was
    planned. Returns whether it changed.

    It depends on nothing but the cursor, in which the time spent is recorded.
    """
    plan, taken = cursor.plan, cursor.step - cursor.plan.step
    if not plan.until or not taken:
        return False
    pace, off = (cursor.seconds - plan.seconds) / taken, max(_OFF * plan.asked, _LEAST_OFF)
    if abs(pace - seconds_a_step(cursor)) * taken <= off:
        return False
    steps = _steps_left(cursor, pace)
    if steps == cursor.total_steps - cursor.step:
        return False
    _plan(cursor, steps)
    return True


def plan_again(cursor: Cursor, before: Cursor) -> None:
    """Plan the steps of a run that went back from where it was `before`, in the time that is left."""
    cursor.plan = replace(cursor.plan, until=before.plan.until, asked=before.plan.asked)
    _plan(cursor, _steps_left(cursor, seconds_a_step(before)))


def seconds_a_step(cursor: Cursor) -> float:
    """What a step is planned to take, evaluations included, in a run that ends by time."""
    plan = cursor.plan
    return (plan.until - plan.seconds) / max(1, cursor.total_steps - plan.step)


def _steps_left(cursor: Cursor, pace: float) -> int:
    """The steps that end in time at `pace` seconds a step; one at least, unless all are taken."""
    time, least = cursor.plan.until - cursor.seconds, min(1, cursor.total_steps - cursor.step)
    most = MOST_STEPS - cursor.step
    return max(least, min(round(time / max(pace, 1e-9)), most)) if time > 0 else least


def _plan(cursor: Cursor, steps: int) -> None:
    """Let `steps` more steps take what is left of the run."""
    share = share_done(cursor, cursor.step)
    cursor.plan = replace(cursor.plan, step=cursor.step, share=share, seconds=cursor.seconds)
    cursor.total_steps = cursor.step + steps


def charged(cursor: Cursor, took: float, steps: float = 1.0, *, stood: bool = False) -> float:
    """The seconds that something counts for that took so many, and is usually no more work than so many
    steps: if the machine slept or stood still, what it usually takes. But if it `stood` still before that,
    too, it is slow."""
    usual = steps * seconds_a_step(cursor)
    slept = took > max(_STOOD, _TIMES * usual)
    return usual if slept and usual > 0 and not stood else took
