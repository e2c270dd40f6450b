"""The ways out of the house; settings.MESSAGE_CHANNELS names one for each channel."""

from notifications.channels.base import Unreachable, Way, Ways, is_configured

__all__ = ["Unreachable", "Way", "Ways", "is_configured"]
