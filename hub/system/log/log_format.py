"""How a record of the log looks: no secret, no control character, nothing that forges a line."""

import logging

from hub.system.log.visible import visible, visible_lines


class PlainFormatter(logging.Formatter):
    """Writes a message on one line, and the traceback below it, indented; secrets are masked."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text. What another handler has made of its traceback is not used."""
        record.message = record.getMessage()
        lines = [visible(self.formatMessage(record))]
        if record.exc_info:
            lines.append(visible_lines(self.formatException(record.exc_info)))
        if record.stack_info:
            lines.append(visible_lines(record.stack_info))
        return "\n".join(lines)
