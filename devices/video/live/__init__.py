"""The picture as it comes: the camera's own H.264, as fragmented MP4, for those who look."""
