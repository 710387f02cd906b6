"""How a consumer gets what it missed: queries, the replies to them, and what is believed."""
