"""Tell the phones who rings; the picture and the answer follow in the same notification."""

import hub
from devices.phone import DoorMessenger, DoorMessengerSettings, dry_run
from hub import Drop, Event, HandlerConfig, emit, handler


class Config(HandlerConfig, DoorMessengerSettings):
    """Settings of `notify`."""

    def check(self) -> list[str]:
        """Recipients have names that links and timers can carry, and doors that are there."""
        return self.faults_in_recipients(self.faults_in_doors)


def open_messenger(config: Config) -> DoorMessenger:
    """Open all phones; at start, because it takes seconds."""
    return DoorMessenger(config, config.door_name, hub)


@handler("doorbell.pressed", timeout_s=30, max_age_s=86_400, uses=open_messenger, drill=dry_run)
def notify(event: Event, config: Config, phones: DoorMessenger) -> str:
    """Somebody is there, or was; further rings of the same visitor are counted with the first."""
    result = phones.ring(event)
    if result.delivered and phones.is_news(event.id):
        emit("notification.sent", {"press": event.id})
    return result.note


@handler("notify.told", uses=open_messenger)
def announce(event: Event, config: Config, phones: DoorMessenger) -> str:
    """Some phones have this press, and another attempt is for the others."""
    emit("notification.sent", {"press": event.data["press"]})
    return "some phones have it"


@handler("notify.again", "notify.waited", timeout_s=30, uses=open_messenger)
def remind(event: Event, config: Config, phones: DoorMessenger) -> str:
    """The visitor rang again, nobody has answered so far, or a recipient's quiet hours are over."""
    return phones.remind(event).note


@handler("snapshot.taken", timeout_s=30, max_age_s=600, uses=open_messenger)
def show(event: Event, config: Config, phones: DoorMessenger) -> str:
    """The picture of this press follows, in the same notification if possible."""
    if config.picture and not phones.has_picture(event):
        raise Drop("the picture is gone, or is none")
    return phones.show(event).note


@handler("visitor.answered", timeout_s=30, max_age_s=3600, uses=open_messenger)
def note_answer(event: Event, config: Config, phones: DoorMessenger) -> str:
    """After an answer no further recipient is called, and the others can read it."""
    return phones.answer(event).note


@handler("doorbell.push_changed", timeout_s=30, since_s=90 * 86_400, uses=open_messenger)
def enrol(event: Event, config: Config, phones: DoorMessenger) -> str:
    """A phone that has the page wants to be told, or no more."""
    return phones.enrol(event).note


@handler(
    "clock.day_ended", "doorbell.drill_failed", timeout_s=30, max_age_s=86_400, uses=open_messenger
)
def report(event: Event, config: Config, phones: DoorMessenger) -> str:
    """How many rang today, or what a nightly drill found: better now than by the next visitor."""
    return phones.report(event).note
