"""Files: written completely, and safe in folders that other users may write to."""
