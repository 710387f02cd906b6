"""Talk with the visitor from the page, and hear the door. It is off until you switch it on."""

from contextlib import AbstractContextManager

from devices.camera import PrivacySettings
from devices.talk import Intercom, TalkSettings, open_intercom
from hub import Event, HandlerConfig, handler, link


class Config(HandlerConfig, TalkSettings):
    """Settings of `talk`."""

    enabled: bool = False

    def check(self) -> list[str]:
        """Find speakers and microphones of doors that there are not."""
        return self.faults_in_talk(self.faults_in_doors)

    def absent(self) -> list[str]:
        """Find speakers and microphones that are not there."""
        return self.absent_devices()


def open_lines(config: Config) -> AbstractContextManager[Intercom]:
    """Serve the page. Where the camera may not see, nobody may listen."""
    privacy = PrivacySettings.of_table(config.settings_of("record"))
    private = privacy.privacy(link, config.state_dir / "talk.private")
    return open_intercom(config, config.served_doors, config.state_dir, private)


@handler("doorbell.drilled", max_age_s=300, attempts=1, timeout_s=20, uses=open_lines)
def rehearse(event: Event, config: Config, intercom: Intercom) -> str:
    """The dry run: open speaker and microphone, in silence."""
    return intercom.check(event.door)
