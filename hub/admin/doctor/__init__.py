"""`doorbell doctor`: checks everything, and says how to mend it."""
