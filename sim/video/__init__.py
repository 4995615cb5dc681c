"""The simulated camera as video for others: H.264 over RTP/UDP, and RTSP. See docs/video.md."""
