"""The help of the command line."""

from typer import Context

from hub.cli import main


def test_the_help_names_values_as_people_do():
    """A flag takes none: who reads `--json <bool>` would write `--json true`."""
    made = main.command_line()
    helps = [command.get_help_option(Context(command)) for command in made.commands.values()]
    assert {option.metavar for option in helps} == {""}
    options = {
        option.opts[0]: option.metavar
        for command in made.commands.values()
        for option in command.params
        if option.param_type_name == "option"
    }
    assert options["--json"] == options["--list"] == ""
    assert (options["--limit"], options["--timeout"]) == ("N", "SECONDS")
    assert (options["--config"], options["--by"], options["--kill"]) == ("FILE", "TEXT", "NAME")
