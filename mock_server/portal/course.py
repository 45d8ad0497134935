"""A process on its way through its stages, as events meet it (F-PROC)."""

from mock_server.portal.stages import EFFECT_OF_STAGE, ENDING_MATTERS, Effect, Event, Mark, Record, Stage, Timeline
from mock_server.rulebook.constants import exception_text


def followed(record: Record) -> "Course":
    """The whole course of a process, as far as it can be foreseen."""
    course = Course(record)
    for event in record.events:
        course.run(event.at)
        course.take(event)
    course.run()
    return course


class Course:
    """A process on its way, event by event.

    Whatever is due by the instant of an event is over before the event counts, the same instant included.
    So nothing that happens changes what was seen or applied before, under a clock that stands still too.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._objections = {event.stage: event.text for event in record.events if event.what == "objection"}
        self._marks: list[Mark] = []
        self._effects: list[Effect] = []
        self._failures: tuple[str, ...] = ()
        self._ended: int | None = None
        self._stalled: int | None = None  # since when the current stage's time stands still
        self._begun: int | None = None
        self._due: int | None = None  # when the current stage is over, if nothing happens
        self._enter(record.began)

    def run(self, until: int | None = None) -> None:
        """All that comes by itself up to an instant, or ever."""
        while self._due is not None and self._stalled is None and (until is None or self._due <= until):
            self._over(self._due, _outcome(self._stage))

    def take(self, event: Event) -> None:
        """What happens to the process now."""
        if self._ended is not None or event.stage not in (-1, len(self._marks)):
            return
        match event.what:
            case "confirm" if self._asking:
                self._over(event.at, self._stage.fails)
            case "refuse" if self._asking:
                self._over(event.at, _refused(self._stage))
            case "stall" if self._stalled is None:
                self._stalled = event.at
            case "release":
                self._release(event.at)
            case "step":
                self._release(event.at)
                self._over(event.at, self._stage.fails)
            case "finish":
                self._finish(event.at)
            case "fail":
                self._end(event.at, (event.text or exception_text("stopped"),))

    @property
    def stalled(self) -> bool:
        return self._stalled is not None

    def line(self) -> Timeline:
        """The whole story, as far as it can be told; the stage that failed is the last of it."""
        marks = list(self._marks)
        if len(marks) < len(self._record.stages):
            marks.append(Mark(self._stage, self._begun, None))
        if self._ended is None:
            marks.extend(Mark(stage, None, None) for stage in self._record.stages[len(marks) :])
        effects = sorted(self._effects, key=lambda effect: effect.at)
        return Timeline(tuple(marks), self._ended, self._failures, tuple(effects))

    @property
    def _stage(self) -> Stage:
        return self._record.stages[len(self._marks)]

    @property
    def _asking(self) -> bool:
        return self._stage.pin > 0 and self._begun is not None

    def _enter(self, instant: int) -> None:
        """The next stage, if there is one, begins unless it is held."""
        self._begun = self._due = None
        if len(self._marks) == len(self._record.stages):
            self._end(instant, ())
        elif not self._stage.held:
            self._begin(instant)

    def _begin(self, instant: int) -> None:
        lasts = _lasts(self._stage)
        self._begun = instant
        self._due = None if lasts is None else instant + lasts
        if self._stalled is not None:
            self._stalled = instant

    def _release(self, instant: int) -> None:
        if self._stalled is not None and self._due is not None:
            self._due += instant - self._stalled
        self._stalled = None
        if self._begun is None:
            self._begin(instant)

    def _over(self, instant: int, failures: tuple[str, ...]) -> None:
        """The current stage is over: on to the next one, or the process ends badly."""
        place, stage = len(self._marks), self._stage
        if place in self._objections:
            failures = (self._objections[place],)
        if failures:
            self._end(instant, failures)
            return
        self._marks.append(Mark(stage, self._begun, instant))
        name = None if stage.busy else EFFECT_OF_STAGE.get(stage.name)
        if name is not None:
            self._effects.append(Effect(instant, name, place))
        if name == "signed" and self._record.approval is not None:
            self._effects.append(Effect(instant + self._record.approval, "approved", place))
        self._enter(instant)

    def _finish(self, instant: int) -> None:
        self._stalled = None
        while self._ended is None:
            if self._begun is None:
                self._begin(instant)
            self._over(instant, self._stage.fails)

    def _end(self, instant: int, failures: tuple[str, ...]) -> None:
        self._ended, self._failures, self._due = instant, failures, None
        if self._record.kind in ENDING_MATTERS:
            self._effects.append(Effect(instant, "ended"))


def _lasts(stage: Stage) -> int | None:
    """How long a stage takes if nothing happens; `None` for ever."""
    if stage.answer == "none":
        return stage.expires
    return stage.lasts if stage.expires is None else min(stage.lasts, stage.expires)


def _outcome(stage: Stage) -> tuple[str, ...]:
    """The texts of failure of a stage to which nothing happens."""
    if stage.expires is not None and (stage.answer == "none" or stage.expires <= stage.lasts):
        return (exception_text("pin_timeout", pin=stage.pin),)
    return _refused(stage) if stage.answer == "refuse" else stage.fails


def _refused(stage: Stage) -> tuple[str, ...]:
    return (exception_text("pin_refused", pin=stage.pin),)
