"""Handler files: their names, how they are read, and how their code is run."""
