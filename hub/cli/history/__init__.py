"""The commands about what happened: they show it, and have handlers react to it again."""
