"""The arithmetic of progress and the words of signatures, without a database."""

import datetime as dt
import hashlib

import pytest

from learning.enums import ModuleKind, ModuleState, Side, StepOutcome, StepState
from learning.policies import (
    LessonFacts,
    Link,
    ModuleFacts,
    canonical,
    chain_hash,
    iso,
    lessons_in,
    measure,
    module_state,
    next_steps,
    ready_to_sign,
    unchanged,
)

ROAD, THEORY = ModuleKind.ROAD, ModuleKind.THEORY
C, R = StepOutcome.COVERED, StepOutcome.REPEAT
FRESH, REPEAT, COVERED, VERIFIED = StepState
MODULES = (
    ModuleFacts(id=1, position=1, kind=THEORY, minimum_lessons=1, steps=(11,)),
    ModuleFacts(id=2, position=2, kind=ROAD, minimum_lessons=2, steps=(21, 22)),
    ModuleFacts(id=3, position=3, kind=ROAD, minimum_lessons=2, steps=(31, 32)),
)


def drive(minutes=45, *, signed=False, kind=ROAD, **outcomes):
    steps = {int(step.lstrip("s")): outcome for step, outcome in outcomes.items()}
    return LessonFacts(minutes=minutes, kind=kind, is_verified=signed, outcomes=steps)


def measured(*lessons):
    return measure(MODULES, lessons, lesson_minutes=45)


@pytest.mark.parametrize(
    ("minutes", "lessons"), ((44, 0), (45, 1), (46, 1), (89, 1), (90, 2), (135, 3))
)
def test_only_whole_lessons_count(minutes, lessons):
    assert lessons_in(minutes, 45) == lessons


@pytest.mark.parametrize(
    ("lessons", "state", "to_repeat"),
    (
        pytest.param((), FRESH, False, id="never taught"),
        pytest.param((drive(s21=C),), COVERED, False, id="taught, not signed"),
        pytest.param((drive(s21=R),), REPEAT, True, id="to repeat"),
        pytest.param((drive(s21=R), drive(s21=C)), COVERED, False, id="repeated"),
        pytest.param((drive(s21=C), drive(s21=R)), REPEAT, True, id="fell back"),
        pytest.param((drive(signed=True, s21=C),), VERIFIED, False, id="signed by both"),
        pytest.param((drive(signed=True, s21=R),), REPEAT, True, id="signed as to repeat"),
        pytest.param(
            (drive(signed=True, s21=C), drive(s21=R)), VERIFIED, True, id="verified stays verified"
        ),
    ),
)
def test_the_state_of_a_step_follows_from_the_lessons(lessons, state, to_repeat):
    step = measured(*lessons).modules[1].steps[0]

    assert (step.state, step.is_to_repeat) == (state, to_repeat)


@pytest.mark.parametrize(
    ("lessons", "given"),
    (
        pytest.param([drive(90, s21=C)], [0, 2, 0], id="a double lesson counts twice"),
        pytest.param([drive(90, s22=C, s31=C)], [0, 2, 0], id="the earlier module is filled first"),
        pytest.param([drive(45, s21=C), drive(90, s22=C, s31=C)], [0, 2, 1], id="then the next"),
        pytest.param([drive(180, s21=C)], [0, 4, 0], id="more than the minimum stays there"),
        pytest.param([drive(225, s21=C, s31=C)], [0, 2, 3], id="surplus stays with the last one"),
        pytest.param([drive(90)], [0, 0, 0], id="without a step no module grows"),
    ),
)
def test_a_lesson_counts_for_the_modules_it_touched(lessons, given):
    assert [module.lessons for module in measured(*lessons).modules] == given


def test_hours_count_by_kind_even_when_no_step_was_recorded():
    progress = measured(drive(90), drive(45, signed=True, s21=C), drive(45, kind=THEORY))

    assert [(k.kind, k.lessons, k.verified_lessons, k.minimum_lessons) for k in progress.kinds] == [
        (THEORY, 1, 0, 1),
        (ROAD, 3, 1, 4),
    ]


@pytest.mark.parametrize(
    ("steps", "lessons", "signed", "state"),
    (
        ([FRESH, FRESH], 0, 0, ModuleState.NOT_STARTED),
        ([FRESH, FRESH], 1, 0, ModuleState.STARTED),
        ([REPEAT, FRESH], 0, 0, ModuleState.STARTED),
        ([COVERED, REPEAT], 2, 2, ModuleState.STARTED),
        ([COVERED, COVERED], 1, 0, ModuleState.STARTED),
        ([COVERED, COVERED], 2, 0, ModuleState.TAUGHT),
        ([VERIFIED, COVERED], 2, 2, ModuleState.TAUGHT),
        ([VERIFIED, VERIFIED], 2, 1, ModuleState.TAUGHT),
        ([VERIFIED, VERIFIED], 2, 2, ModuleState.VERIFIED),
        ([VERIFIED, VERIFIED], 3, 3, ModuleState.VERIFIED),
    ),
)
def test_a_module_is_verified_when_every_step_is_and_the_signed_lessons_suffice(
    steps, lessons, signed, state
):
    assert module_state(steps, lessons=lessons, verified_lessons=signed, minimum=2) == state


def test_next_is_what_to_repeat_then_what_is_new_in_the_order_of_the_plan():
    progress = measured(drive(s31=R), drive(s21=C))

    assert next_steps(progress, MODULES, kinds={ROAD}, limit=5) == [31, 22, 32]
    assert next_steps(progress, MODULES, kinds={ROAD}, limit=2) == [31, 22]
    assert next_steps(progress, MODULES, kinds={THEORY}, limit=5) == [11]


def test_equal_content_has_equal_bytes_whatever_its_order():
    assert canonical({"b": 1, "a": "Ærø"}) == canonical({"a": "Ærø", "b": 1}) == '{"a":"Ærø","b":1}'


def test_an_instant_is_written_in_utc_to_the_microsecond():
    summer = dt.datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=2)))

    assert iso(summer) == "2026-07-01T10:00:00.000005Z"


LINK = Link(
    student_id=7,
    sequence=1,
    record_id=9,
    signed_as=Side.TEACHER,
    signer_id=3,
    signed_at=dt.datetime(2026, 3, 5, 12, 30, tzinfo=dt.UTC),
    method="session",
    content_hash="c0ffee",
)


def test_a_link_seals_who_signed_what_when_as_whom_and_all_before():
    sealed = "before|7|1|9|teacher|3|2026-03-05T12:30:00.000000Z|session|c0ffee"

    assert chain_hash("before", LINK) == hashlib.sha256(sealed.encode()).hexdigest()


@pytest.mark.parametrize(
    ("has_plan", "steps", "is_superseded", "code"),
    (
        (True, 1, False, None),
        (True, 0, False, "nothing-recorded"),
        (False, 0, False, None),
        (True, 1, True, "superseded"),
    ),
)
def test_what_can_be_signed(has_plan, steps, is_superseded, code):
    refusal = ready_to_sign(has_plan=has_plan, steps=steps, is_superseded=is_superseded)

    assert (refusal and refusal.code) == code


def test_a_student_signs_only_what_they_read():
    assert unchanged("abc", "abc") is None
    assert unchanged("abc", "abd").code == "changed-since-read"
