"""What the doctor says of the hardware: the machine, GPIO lines, camera and sound."""
