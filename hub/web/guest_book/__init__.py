"""The guest book of the page: the visits, told from the wire, in the page's own state file."""
