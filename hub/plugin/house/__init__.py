"""What a handler may use of its house: answers, the page, quiet, and devices on the broker."""
