"""What can go wrong with the firmware."""


class FirmwareFault(ConnectionError):
    """The firmware did not start, has ended, or has stopped answering; the text says which and shows its last words."""
