"""Recording visitors: which camera looks at which door, and the clip of each visit."""
