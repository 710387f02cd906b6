"""What the doctor says of files: who may read them, and whether the state in them is sound."""
