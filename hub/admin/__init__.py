"""What a person does now and then: set up, check, install, secure, back up."""
