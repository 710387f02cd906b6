"""The root of the topics is an address: two houses share a broker, and a house can change it."""

from pathlib import Path

from tests.house import House, until
from tests.servers.brokers import BrokerProcess


def test_two_houses_share_a_broker(tmp_path: Path, mosquitto: BrokerProcess):
    """Each press is acted on in its own house, and in no other, also by a handler of all types."""
    houses = []
    with House(tmp_path / "one", mosquitto) as one, House(tmp_path / "two", mosquitto) as two:
        two.ears.root = "homes/two"
        for house in (one, two):
            house.write_handler("bell", "done(event)")
            house.write_handler("all", 'if event.type == "doorbell.pressed": done(event)', '"*"')
            house.start("hub", "bell", "all")
            houses.append(house)
        presses = [[house.press() for _ in range(5)] for house in houses]
        for house, own in zip(houses, presses, strict=True):
            for press in own:
                house.wait_outcome(press, "bell")
            until(lambda house=house: len(house.effects("all")) >= 5, "all types are heard")
        for house, own in zip(houses, presses, strict=True):
            assert sorted(house.effects("bell")) == sorted(own)
            assert sorted(house.effects("all")) == sorted(own)


def test_a_house_moves_to_another_root(tmp_path: Path, mosquitto: BrokerProcess):
    """Presses before, during and after: none is lost, none acted on twice."""
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("bell", "done(event)")
        house.start("hub", "bell")
        presses = [house.press() for _ in range(3)]
        house.wait_outcome(presses[-1], "bell")
        house.kill("hub")
        house.ears.root = "cottage"
        house.start("hub")
        presses += [house.press() for _ in range(3)]  # its handler still listens below the old root
        house.kill("bell")
        house.start("bell")
        presses += [house.press() for _ in range(3)]
        until(
            lambda: len(house.effects("bell")) >= len(presses),
            lambda: f"all are acted on: {house.effects('bell')} {house.log('bell')}",
        )
        house.wait_outcome(presses[-1], "bell")
        assert sorted(house.acts("bell")) == sorted((press, False) for press in presses)
