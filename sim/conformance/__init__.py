"""ArduSub's manners as numbered rows out of shared FACTS, run on the stand-in and on the real firmware: docs/conformance.md."""
