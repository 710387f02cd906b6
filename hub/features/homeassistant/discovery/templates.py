"""What Home Assistant does with our messages: its templates (Jinja), as texts."""

SHOWN_KEPT = 50  # a burst that a broker had not acknowledged may come again as a whole
LONGEST_TEXT = 200  # characters of an answer

# An entity's own attributes are the memory that outlives Home Assistant's restart.
RING = (
    "{%- set shown = this.attributes.shown | default([], true) -%}"
    "{%- if value_json.id[-12:] not in shown -%}"
    f"{{{{ dict(value_json, shown=(shown + [value_json.id[-12:]])[-{SHOWN_KEPT}:]) | to_json }}}}"
    "{%- endif -%}"
)
# A command that Home Assistant's client sends twice has the same id, and is carried out once.
_ID = (
    "{%- set n = namespace(id='') -%}{%- for _ in range(8) -%}"
    "{%- set n.id = n.id ~ '%04x' % (range(65536) | random)"
    " ~ ('-' if loop.index in (2, 3, 4, 5) else '') -%}{%- endfor -%}"
)
COMMAND = f"{_ID}{{{{ dict(id=n.id) | to_json }}}}"
# A word alone would be taken for a code, like snooze: as a sentence it is spoken.
SPEAK = (
    f"{_ID}{{%- set text = (value | string | replace('\\n', ' ') | trim)[:{LONGEST_TEXT - 1}] -%}}"
    "{{ dict(id=n.id, by='Home Assistant', answer=text ~ ('' if ' ' in text else '.')) | to_json }}"
)
AVAILABLE = "{{ 'offline' if value_json.state == 'offline' else 'online' }}"
CONNECTED = "{{ 'OFF' if value_json.state == 'offline' else 'ON' }}"
PROBLEM = "{{ 'ON' if value_json.state == 'failed' or value_json.reason == 'fault' else 'OFF' }}"
HANDLER_PROBLEM = (
    "{{ 'ON' if value_json.state in ('failed', 'offline') or value_json.reason == 'fault'"
    " else 'OFF' }}"
)
STATUS = (
    "{{ dict(status=value_json.state, reason=value_json.reason, detail=value_json.detail)"
    " | to_json }}"
)


def answer(word: str) -> str:
    """A command that answers the visitor with this word."""
    return f"{_ID}{{{{ dict(id=n.id, by='Home Assistant', answer='{word}') | to_json }}}}"


def field(name: str) -> str:
    """One field of the JSON; null, or an empty text, is an unknown state."""
    return f"{{{{ value_json.{name} or none }}}}"


def flag(condition: str) -> str:
    """`ON` where the condition holds."""
    return f"{{{{ 'ON' if {condition} else 'OFF' }}}}"


def attributes(**fields: str) -> str:
    """Attributes from fields of the JSON."""
    pairs = ", ".join(f"{name}=value_json.{found}" for name, found in fields.items())
    return f"{{{{ dict({pairs}) | to_json }}}}"
